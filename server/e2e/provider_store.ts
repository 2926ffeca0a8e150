type Payload = Record<string, unknown> & { grantId?: string; userCode?: string; uid?: string; consumed?: number };

/**
 * The provider's storage: maps without a bound. Its own in-memory adapter forgets the oldest of a thousand entries,
 * which in a long run would look like a lost credential.
 */
export function createProviderStore(): (model: string) => unknown {
  const entries = new Map<string, Payload>();
  const find = (model: string, wanted: (payload: Payload) => boolean) =>
    [...entries].find(([key, payload]) => key.startsWith(`${model}:`) && wanted(payload))?.[1];

  return (model) => ({
    upsert: (id: string, payload: Payload) => Promise.resolve(void entries.set(`${model}:${id}`, payload)),
    find: (id: string) => Promise.resolve(entries.get(`${model}:${id}`)),
    findByUid: (uid: string) => Promise.resolve(find(model, (payload) => payload.uid === uid)),
    findByUserCode: (userCode: string) => Promise.resolve(find(model, (payload) => payload.userCode === userCode)),
    destroy: (id: string) => Promise.resolve(void entries.delete(`${model}:${id}`)),
    consume: (id: string) => {
      const payload = entries.get(`${model}:${id}`);
      if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      return Promise.resolve();
    },
    revokeByGrantId: (grantId: string) => {
      for (const [key, payload] of entries) {
        if (payload.grantId === grantId) entries.delete(key);
      }
      return Promise.resolve();
    },
  });
}
