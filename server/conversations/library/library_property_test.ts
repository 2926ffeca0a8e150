import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { settle } from "../../effects/fake_clock.ts";
import type { OpenTurn } from "./library.ts";
import { begin, demandSound, inWorld, type Process, SAID, texts, USER, type World } from "./library_fixture.ts";

/** What a session is to be, kept the simplest way. */
interface Model {
  readonly id: string;
  name: string | null;
  said: string[];
  /** The turn that runs, and who runs it. */
  running: { open: OpenTurn; draft: string; readonly by: Process } | null;
}

interface Real {
  readonly world: World;
  readonly processes: Process[];
  readonly sessions: Model[];
}

/** One step; numbers choose among what is there. */
type Step =
  | { readonly does: "create"; readonly by: number; readonly name: string | null }
  | { readonly does: "begin"; readonly by: number; readonly at: number; readonly text: string }
  | { readonly does: "replace"; readonly by: number; readonly at: number; readonly from: number; readonly text: string }
  | { readonly does: "keep" | "finish" | "tools"; readonly at: number; readonly text: string }
  | { readonly does: "rename"; readonly by: number; readonly at: number; readonly name: string | null }
  | { readonly does: "remove" | "open"; readonly by: number; readonly at: number }
  | { readonly does: "die" | "resume"; readonly by: number }
  | { readonly does: "jump"; readonly ms: number };

const small = fc.nat(7);
const word = fc.oneof(fc.stringMatching(/^[a-c]{1,4}$/), fc.constant("l".repeat(100_000)), fc.constant("\ud83d"));
const name = fc.option(fc.stringMatching(/^[a-c]{1,4}$/), { nil: null });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ does: fc.constant("create" as const), by: small, name }),
  { weight: 4, arbitrary: fc.record({ does: fc.constant("begin" as const), by: small, at: small, text: word }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: fc.constant("replace" as const), by: small, at: small, from: small, text: word }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ does: fc.constantFrom("finish" as const, "keep", "tools"), at: small, text: word }),
  },
  fc.record({ does: fc.constant("rename" as const), by: small, at: small, name }),
  fc.record({ does: fc.constantFrom("remove" as const, "open"), by: small, at: small }),
  fc.record({ does: fc.constantFrom("die" as const, "resume"), by: small }),
  fc.record({ does: fc.constant("jump" as const), ms: fc.integer({ min: -100_000, max: 100_000 }) }),
);

function pick<T>(list: readonly T[], index: number): T | undefined {
  return list[index % Math.max(list.length, 1)];
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown }).code; // a GatehouseError, or the test fails by its absence
}

async function take({ world, processes, sessions }: Real, step: Step): Promise<void> {
  if (step.does === "jump") return world.clock.jump(step.ms);
  const session = "at" in step ? pick(sessions, step.at) : undefined;
  const by = "by" in step ? pick(processes, step.by) : session?.running?.by;
  if (by === undefined) return;
  const { library } = by;
  switch (step.does) {
    case "create": {
      const made = await library.create(USER, { name: step.name });
      sessions.push({ id: made.id, name: step.name, said: [], running: null });
      return;
    }
    case "begin":
    case "replace": {
      const opened = session === undefined ? null : await library.open(USER, session.id);
      const ids = opened === null ? [] : (await Array.fromAsync(library.forwards(opened.session))).map(({ id }) => id);
      const from = step.does === "replace" ? ids.length === 0 ? -1 : step.from % ids.length : -1;
      const wish = from < 0 ? {} : { replaceFrom: ids[from] ?? "" };
      const at = opened === null ? {} : { session: opened.session };
      const open = await begin(by, { ...at, ...wish, content: step.text }).catch(codeOf);
      if (session?.running) return assertEquals(open, "session_busy");
      assert(typeof open === "object" && open !== null);
      const running = { open: open as OpenTurn, draft: "", by }; // what is no code is the turn
      if (session === undefined) {
        sessions.push({ id: running.open.session.id, name: null, said: [step.text], running });
        return;
      }
      session.said = [...from < 0 ? session.said : session.said.slice(0, from), step.text];
      session.running = running;
      return;
    }
    case "keep":
      if (!session?.running) return;
      await library.keep([{ turn: session.running.open, index: session.running.draft.length, text: "d" }]);
      session.running.draft += "d";
      return;
    case "tools": {
      if (!session?.running) return;
      const toolCalls = [{ id: "a", name: "f", arguments: "{}" }];
      const asked = await library.said(session.running.open, { ...SAID, text: step.text, toolCalls });
      const given = await library.answered(asked.turn, [{ toolCallId: "a", content: step.text }]);
      session.said.push(step.text, step.text);
      session.running = { ...session.running, open: given.turn, draft: "" };
      return;
    }
    case "finish": {
      if (!session?.running) return;
      const { session: done } = await library.finish(session.running.open, { ...SAID, text: step.text });
      session.said.push(step.text);
      session.running = null;
      session.name ??= done.name;
      return;
    }
    case "rename":
      if (session === undefined) return;
      session.name = (await library.change(USER, session.id, { name: step.name })).name;
      return;
    case "remove":
      if (session === undefined) return;
      assertEquals(await library.remove(USER, session.id), true);
      sessions.splice(sessions.indexOf(session), 1);
      return;
    case "open":
      if (session !== undefined) await demandSame(by, session);
      return;
    case "resume":
      return await library.resume();
    case "die": {
      processes.splice(processes.indexOf(by), 1, await world.process());
      await by.die();
      for (const one of sessions) {
        if (one.running?.by !== by) continue;
        one.said.push(one.running.draft);
        one.running = null;
        const [living] = processes;
        assert(living);
        // Whether it has a name or not: it is opened now, and so the turn ends before its session is renamed.
        const opened = await living.library.open(USER, one.id);
        one.name ??= opened?.session.name ?? null;
      }
      return;
    }
  }
}

async function demandSame(process: Process, { id, name, said, running }: Model): Promise<void> {
  const opened = await process.library.open(USER, id);
  assert(opened);
  assertEquals(await texts(process, opened.session), said);
  assertEquals([opened.session.messageCount, opened.session.name], [said.length, name]);
  assertEquals(opened.running?.messageId, running?.open.message.id);
}

Deno.test("whatever is done by several processes, the library holds what a simple list would", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      await inWorld(async (world, one) => {
        const real: Real = { world, processes: [one, await world.process()], sessions: [] };
        for (const step of steps) await take(real, step);
        for (const process of real.processes) {
          for (const session of real.sessions) await demandSame(process, session);
          const list = await process.library.list(USER, { limit: 200, cursor: null }, null);
          assertEquals(new Set(list.items.map(({ id }) => id)), new Set(real.sessions.map(({ id }) => id)));
        }
        const last = await world.process();
        for (const process of real.processes) await process.die();
        await last.library.resume();
        await settle();
        await demandSound(world, last);
      });
    }),
    { numRuns: 60 },
  );
});
