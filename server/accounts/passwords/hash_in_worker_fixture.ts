/**
 * Hashes a password on the module that is its argument, started as a worker, and says "worker" if the worker did it.
 * A program of its own: under `deno test` a worker's whole graph would be type-checked before it starts.
 */
import { FakeClock } from "../../effects/fake_clock.ts";
import { Secret } from "../../secrets/mod.ts";
import { createPasswordHasher } from "./create_hasher.ts";

const [module = ""] = Deno.args;
const clock = new FakeClock();
const hasher = createPasswordHasher({ worker: new URL(module), clock });
const password = new Secret("correct horse");
const right = await hasher.verify(password, await hasher.hash(password));
// The one timer is that which ends an idle worker.
const answer = right && clock.pending === 1 ? "worker" : "this thread";
hasher.close();
await Deno.stdout.write(new TextEncoder().encode(answer));
