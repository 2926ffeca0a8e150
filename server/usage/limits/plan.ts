import { admit, noRoomIn } from "./admit.ts";
import { foldDead, isSpentNow, spend, withHeld } from "./budget.ts";
import { limitHeaders } from "./headers.ts";
import { type Grant, type Operation, type Refused, type Reserve, type Settle, subjectName } from "./operations.ts";
import { EMPTY_RECORD, type LimitRecord } from "./record.ts";
import { refusalOf } from "./refusal.ts";
import { type Hold, type Share, usedNow, wholeUp } from "./shares.ts";
import { SKEW } from "./skew.ts";
import { correct, currentWindow } from "./window.ts";

/** How long a process counts as alive after a write, in milliseconds. */
export const ALIVE = 15_000;

/** What one commit is to carry. */
export interface Batch {
  readonly operations: readonly Operation[];
  /** Names of subjects whose entries are to be renewed. */
  readonly renewals: ReadonlySet<string>;
}

/** What a batch is decided on. */
export interface Ground {
  /** By the subject's name; null: there is none. */
  readonly records: ReadonlyMap<string, LimitRecord | null>;
  /** What this process holds, by the subject's name. */
  readonly shares: ReadonlyMap<string, Share>;
  /** This process. */
  readonly shard: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** What a batch comes to, if its commit happens. */
export interface Plan {
  /** The records that change, by the subject's name. */
  readonly puts: ReadonlyMap<string, LimitRecord>;
  readonly granted: readonly Grant[];
  readonly refused: readonly Refused[];
  readonly settled: readonly Settle[];
  /** What `used` was renewed to, by hold. */
  readonly samples: ReadonlyMap<Hold, number>;
}

/** Decides the operations one by one, in the order they came, each on what those before it left. */
export function planBatch({ operations, renewals }: Batch, ground: Ground): Plan {
  const { now, shard } = ground;
  const puts = new Map<string, LimitRecord>();
  const seen = new Map<string, LimitRecord>();
  const granted: Grant[] = [];
  const refused: Refused[] = [];
  const settled: Settle[] = [];

  const current = (name: string): LimitRecord => {
    const known = puts.get(name) ?? seen.get(name);
    if (known !== undefined) return known;
    const record = recordNow(name, ground);
    seen.set(name, record);
    return record;
  };
  const isGone = (name: string): boolean => !puts.has(name) && (ground.records.get(name) ?? null) === null;

  const reserve = (operation: Reserve): void => {
    const standings = () =>
      operation.subjects.map(({ kind, id, limits }) => ({ limits, record: current(subjectName(kind, id)) }));
    for (const { kind, id, limits } of operation.subjects) {
      const why = noRoomIn(current(subjectName(kind, id)), limits, operation.ask, now);
      if (why === null) continue;
      refused.push({ operation, error: refusalOf(kind, why, limitHeaders(standings(), now)) });
      return;
    }
    const holds = operation.subjects.map(({ kind, id, limits }): Hold => {
      const subject = subjectName(kind, id);
      const { record, second } = admit(current(subject), limits, operation.ask, now);
      const budgeted = limits.budget !== null;
      const micros = budgeted ? operation.ask.micros : 0;
      puts.set(subject, held(record, ground, micros, 0));
      const { tokens } = operation.ask;
      return {
        subject,
        second,
        tokens,
        begunAt: now,
        budgeted,
        running: operation.running,
        micros,
        written: 0,
        prepaid: 0,
      };
    });
    granted.push({ operation, holds, headers: limitHeaders(standings(), now) });
  };

  const settle = (operation: Settle): void => {
    settled.push(operation);
    for (const hold of operation.holds) {
      // The record has expired, or another store was put back: a settlement alone makes no new one.
      if (isGone(hold.subject)) continue;
      puts.set(hold.subject, settledRecord(current(hold.subject), hold, operation, ground));
    }
  };

  for (const operation of operations) {
    if (operation.type === "settle") settle(operation);
    else if (!operation.answered) reserve(operation);
  }

  const over = new Set(settled.flatMap(({ holds }) => holds));
  const samples = new Map<Hold, number>();
  for (const name of renewals) {
    const share = ground.shares.get(name);
    if (share === undefined || isGone(name)) continue;
    let used = 0;
    for (const hold of share.holds) {
      if (over.has(hold)) continue;
      const sample = usedNow(hold);
      samples.set(hold, sample);
      used += sample;
    }
    const record = current(name);
    const micros = record.held[shard]?.micros ?? 0;
    puts.set(name, withHeld(record, shard, { micros, used, until: now + ALIVE }));
  }
  return { puts, granted, refused, settled, samples };
}

/** The record as it is now: what is over has left, the dead are folded, our own entry says what we hold. */
function recordNow(name: string, { records, shares, shard, now }: Ground): LimitRecord {
  const stored = records.get(name) ?? EMPTY_RECORD;
  const share = shares.get(name);
  const ours = share?.stored ?? false; // an entry in our name that we know nothing of is of an earlier life
  const folded = foldDead(stored, now, (of, { until }) => of === shard ? !ours : !isAlive(until, now));
  const record = { ...folded, window: currentWindow(folded.window, now) };
  return share === undefined ? record : withHeld(record, shard, share.held(now + ALIVE));
}

/** Whether an entry's process may still live. No one's clock stands so far ahead rightly: such an entry would never end. */
function isAlive(until: number, now: number): boolean {
  return until > now && until <= now + ALIVE + SKEW;
}

/** Changes what this process holds in a record. */
function held(record: LimitRecord, { shard, now }: Ground, micros: number, used: number): LimitRecord {
  const own = record.held[shard];
  if (own === undefined && micros === 0 && used === 0) return record;
  const sum = { micros: (own?.micros ?? 0) + micros, used: (own?.used ?? 0) + used, until: now + ALIVE };
  return withHeld(record, shard, sum);
}

/** Puts what a call has used in place of what it held. */
function settledRecord(record: LimitRecord, hold: Hold, { used }: Settle, ground: Ground): LimitRecord {
  const change = used === null
    ? { requests: -1, tokens: -hold.tokens }
    : { requests: 0, tokens: wholeUp(used.tokens) - hold.tokens };
  const window = hold.second === null ? record.window : correct(record.window, hold.second, change);
  if (!hold.budgeted) return { ...record, window };
  const micros = wholeUp(used?.micros ?? 0) - hold.prepaid;
  const counted = { ...record, window };
  const spent = isSpentNow(counted, hold.begunAt, ground.now) ? spend(counted, micros, ground.now) : counted;
  return held(spent, ground, -hold.micros, -hold.written);
}
