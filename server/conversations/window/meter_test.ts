import { assert, assertEquals } from "@std/assert";
import type { Encoding } from "./encoding.ts";
import { createMeter } from "./meter.ts";
import { PAIRS } from "./messages_fixture.ts";
import type { Tokenizer } from "./tokenizer.ts";

const text = (length: number) => ({ fixed: 0, texts: ["x".repeat(length)] });

/** A loader that says what was asked of it, and a tokenizer that does. */
function watched() {
  const seen = { loaded: [] as Encoding[], counted: 0, forgotten: 0, pauses: 0 };
  const tokenizer: Tokenizer = {
    count: (slice) => {
      seen.counted += slice.length;
      return PAIRS.count(slice);
    },
    forget: () => void seen.forgotten++,
  };
  return {
    seen,
    options: {
      load: (encoding: Encoding) => {
        seen.loaded.push(encoding);
        return Promise.resolve(tokenizer);
      },
      pause: () => Promise.resolve(seen.pauses++),
    },
  };
}

Deno.test("createMeter() loads no tokenizer while the bytes fit", async () => {
  const { seen, options } = watched();
  const meter = createMeter("gpt-4o", 100, options);
  meter.add({ fixed: 40, texts: ["€".repeat(20)] });
  assert(await meter.fits());
  assertEquals(seen.loaded, []);
});

Deno.test("createMeter() counts by the model's tokenizer when the bytes do not fit, each text once", async () => {
  const { seen, options } = watched();
  const meter = createMeter("openai/gpt-4-turbo", 100, options);
  for (const length of [80, 80]) {
    meter.add(text(length));
    assert(await meter.fits());
  }
  assertEquals(seen, { loaded: ["cl100k_base"], counted: 160, forgotten: 1, pauses: 0 });
  meter.add(text(20));
  assert(await meter.fits());
  meter.add(text(21));
  assertEquals(await meter.fits(), false);
  assertEquals(seen.loaded.length, 1);
  assertEquals(seen.counted, 201);
  assertEquals(seen.forgotten, 2);
});

Deno.test("createMeter() fits to the last token", async () => {
  for (const [length, isIn] of [[200, true], [202, false]] as const) {
    const meter = createMeter("gpt-4o", 100, watched().options);
    meter.add(text(length));
    assertEquals(await meter.fits(), isIn);
  }
});

Deno.test("createMeter() pauses in a long count, and ends it once it is over the limit", async () => {
  const { seen, options } = watched();
  const meter = createMeter("gpt-4o", 10_000, options);
  meter.add(text(10_000_000));
  assertEquals(await meter.fits(), false);
  assert(seen.counted < 21_000);
  assertEquals(seen.pauses, 4);
});

Deno.test("createMeter() estimates where no tokenizer is known, or it cannot be had", async () => {
  const broken = { load: () => Promise.reject(new TypeError("no such module")) };
  for (const [model, options] of [["mistral", watched().options], ["gpt-4o", broken]] as const) {
    const words = { fixed: 0, texts: ["word ".repeat(100)] };
    const meter = createMeter(model, 200, options);
    meter.add(words);
    assert(await meter.fits());
    meter.add(words);
    assertEquals(await meter.fits(), false);
  }
});

Deno.test("createMeter() ends a long count when its signal is aborted", async () => {
  const leaving = new AbortController();
  const reason = new Error("The client left");
  const { seen, options } = watched();
  const pause = async () => {
    if (await options.pause() === 1) leaving.abort(reason);
  };
  const meter = createMeter("gpt-4o", 500_000, { ...options, pause, signal: leaving.signal });
  meter.add(text(600_000));
  assertEquals(await meter.fits().catch((error) => error), reason);
  assertEquals([seen.pauses, seen.forgotten], [2, 1]);
});
