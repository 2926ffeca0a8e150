import { callsDone } from "../calls.ts";
import type { Side } from "./side.ts";

/** How a call may be let in: by the open mode, or by what it shows. */
export type AccessName = "open" | "key" | "limited" | "token";

/** Makes what `names` need through the API of a gate in open mode. @returns the same gate under each name, warmed up */
export async function openAccesses<Name extends AccessName>(
  gate: Side,
  names: readonly Name[],
): Promise<Map<Name, Side>> {
  const accesses = new Map<Name, Side>();
  for (const name of names) {
    const access = { ...gate, headers: await HEADERS[name](gate.url) };
    await callsDone(access, 16, 300);
    accesses.set(name, access);
  }
  return accesses;
}

const HEADERS: Readonly<Record<AccessName, (url: string) => Promise<Record<string, string>>>> = {
  open: () => Promise.resolve({}),
  key: async (url) => bearer(await made(`${url}/keys`, { name: "bench" }), "key"),
  limited: async (url) => bearer(await made(`${url}/keys`, { name: "bench-limited", ...NEVER_REACHED }), "key"),
  token: async (url) => {
    const login = { username: `bench-${crypto.randomUUID().slice(0, 8)}`, password: crypto.randomUUID() };
    await made(`${url}/users`, login);
    return bearer(await answer(`${url}/token`, new URLSearchParams(login)), "access_token");
  },
};

const NEVER_REACHED = { rpm: 1e12, tpm: 1e15, budget: { amount_micros: 9e15, period: "month" } };

function bearer(body: Record<string, unknown>, field: string): Record<string, string> {
  return { authorization: `Bearer ${body[field]}` };
}

function made(url: string, body: unknown): Promise<Record<string, unknown>> {
  return answer(url, new Blob([JSON.stringify(body)], { type: "application/json" }));
}

async function answer(url: string, body: BodyInit): Promise<Record<string, unknown>> {
  const response = await fetch(url, { method: "POST", body });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${new URL(url).pathname} answers ${response.status}: ${text.slice(0, 300)}`);
  return JSON.parse(text);
}
