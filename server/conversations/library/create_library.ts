import type { Clock } from "../../effects/mod.ts";
import type { Store } from "../../storage/mod.ts";
import type { Logger } from "../../telemetry/mod.ts";
import type { Presence } from "../presence.ts";
import { begin } from "./begin.ts";
import { keepDrafts } from "./drafts.ts";
import { Eraser } from "./eraser.ts";
import type { Ground } from "./ground.ts";
import { backwards, forwards, history, message } from "./history.ts";
import type { Library } from "./library.ts";
import { listSessions } from "./list_sessions.ts";
import { resume } from "./resume.ts";
import { change, create, open, remove, tools } from "./sessions.ts";
import { askedToStop, askToStop } from "./stops.ts";
import { answered, finish, said } from "./turn_steps.ts";
import { busySessions } from "./turn_mark.ts";
import { ulidAfter } from "./ulid_after.ts";

/** What {@linkcode createLibrary} needs. */
export interface LibraryOptions {
  /** Where everything lies. */
  readonly store: Store;
  /** Who of the processes on the store is alive. */
  readonly presence: Presence;
  /** Dates messages and spreads tries. */
  readonly clock: Clock;
  /** Makes ids and spreads tries; from 0 up to 1. @default {Math.random} */
  readonly random?: () => number;
  /** Never told what was said. */
  readonly log: Logger;
}

/**
 * The conversations in a store. Keeps nothing but what is under way: several processes may work on one store, and each
 * may die at any point.
 */
export function createLibrary({ store, presence, clock, random = Math.random, log }: LibraryOptions): Library {
  const eraser = new Eraser({ store, clock, random });
  const ground: Ground = { store, presence, clock, random, log, eraser };
  let lastSession: string | null = null;
  const newId = () => lastSession = ulidAfter(lastSession, clock.now(), random);

  return {
    create: async (userId, wish) => await create(ground, userId, wish, newId()),
    open: (userId, sessionId) => open(ground, userId, sessionId),
    list: (userId, page, search) => listSessions(store, userId, page, search),
    change: (userId, sessionId, wish) => change(ground, userId, sessionId, wish),
    tools: (userId, sessionId) => tools(ground, userId, sessionId),
    remove: (userId, sessionId) => remove(ground, userId, sessionId),
    removeAllOf: (userId) => eraser.allOf(userId),
    resume: () => resume(ground),
    rest: () => eraser.rest(),
    history: (session, page) => history(store, session, page),
    backwards: (session, before) => backwards(store, session, before),
    forwards: (session) => forwards(store, session),
    message: (session, messageId) => message(store, session, messageId),
    begin: (start) => begin(ground, start, newId),
    said: (turn, what) => said(ground, turn, what),
    answered: (turn, results) => answered(ground, turn, results),
    keep: (drafts) => keepDrafts(store, drafts),
    finish: (turn, what, chunks) => finish(ground, turn, what, chunks),
    askToStop: (sessionId, running) => askToStop(ground, sessionId, running),
    busy: () => busySessions(store),
    asked: () => askedToStop(store),
  };
}
