import type { Store } from "../../storage/mod.ts";
import type { Draft } from "./library.ts";
import { AT } from "./keys.ts";
import { BUDGET } from "./long_value.ts";
import { fieldsOf } from "./stored_fields.ts";
import { readMark } from "./turn_mark.ts";

/** The longest piece of a draft that has an entry of its own, in UTF-16 units: Deno KV spends two bytes on each at most. */
const PIECE = 30_000;
/** A commit checks 100 keys at most. */
const AT_ONCE = 90;
/** A dead turn's drafts that nobody ever meets go after a day. */
const KEPT_FOR = 24 * 3_600_000;
/** How often a turn may take a step while its draft is written. */
const TRIES = 3;

/** One entry of a draft. */
interface Piece {
  readonly turn: Draft["turn"];
  readonly index: number;
  readonly piece: number;
  readonly text: string;
  /** Whether the draft goes on in another entry. */
  readonly more: boolean;
}

/** Keeps what replies under way have said so far, many in one commit. @throws {GatehouseError} `storage_unavailable` */
export async function keepDrafts(store: Store, drafts: readonly Draft[]): Promise<ReadonlySet<string>> {
  const over = new Set<string>();
  let batch: Piece[] = [];
  let size = 0;
  for (const piece of drafts.flatMap(piecesOf)) {
    const cost = 2 * piece.text.length + 200;
    if (batch.length === AT_ONCE || size + cost > BUDGET) {
      await keep(store, batch, over);
      [batch, size] = [[], 0];
    }
    batch.push(piece);
    size += cost;
  }
  await keep(store, batch, over);
  return over;
}

function piecesOf({ turn, index, text }: Draft): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at === 0 || at < text.length; at += PIECE) {
    const more = at + PIECE < text.length;
    pieces.push({ turn, index, piece: at / PIECE, text: text.slice(at, at + PIECE), more });
  }
  return pieces;
}

/** @param over the turns that are over are added to these */
async function keep(store: Store, batch: readonly Piece[], over: Set<string>): Promise<void> {
  const sessions = Map.groupBy(batch, ({ turn }) => turn.session.id);
  for (let tries = 0; tries < TRIES; tries++) {
    const checks: { key: Deno.KvKey; version: string | null }[] = [];
    const puts: { key: Deno.KvKey; value: unknown; expireIn: number }[] = [];
    await Promise.all([...sessions].map(async ([id, pieces]) => {
      const { mark, version } = await readMark(store, id);
      for (const { turn } of pieces) if (mark?.messageId !== turn.message.id) over.add(turn.message.id);
      const open = pieces.filter(({ turn }) => mark?.messageId === turn.message.id && mark.replyId === turn.replyId);
      if (open.length === 0) return;
      // A turn that ends meanwhile erases its drafts, and none comes after it.
      checks.push({ key: AT.turn(id), version });
      for (const { turn, index, piece, text, more } of open) {
        const key = AT.draft(id, turn.replyId, index, piece);
        puts.push({ key, value: { v: 1, text, more }, expireIn: KEPT_FOR });
      }
    }));
    if (puts.length === 0 || await store.commit({ checks, puts }) !== null) return;
    // One turn that has taken a step must not keep the others waiting.
    if (sessions.size > 1) {
      for (const pieces of sessions.values()) await keep(store, pieces, over);
      return;
    }
  }
}

/** What the drafts of a reply hold, up to the first one that is missing. @throws {GatehouseError} `storage_unavailable` */
export async function draftedText(store: Store, sessionId: string, replyId: string): Promise<string> {
  const texts: string[] = [];
  let next = { index: 0, piece: 0 };
  for await (const { key, value } of store.list(AT.draftsOf(sessionId, replyId))) {
    const [index, piece] = key.slice(-2);
    const fields = fieldsOf(value);
    // A longer draft of the same number was written in its place; the rest of the shorter one may still be there.
    if (typeof index === "number" && index < next.index) continue;
    if (index !== next.index || piece !== next.piece || typeof fields?.text !== "string") break;
    texts.push(fields.text);
    next = fields.more === true ? { index, piece: piece + 1 } : { index: index + 1, piece: 0 };
  }
  return texts.join("");
}
