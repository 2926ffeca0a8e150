import { assert, assertEquals } from "@std/assert";
import { Secret } from "../secrets/mod.ts";
import type { Behaviour } from "./testing/fake_provider.ts";
import { never, type RigOptions, withRig } from "./testing/rig.ts";

const SECRET = "canary-client-secret";
const BODY = { error: "canary-error", error_description: "canary", refresh_token: "canary-x" };
const BEHAVIOURS: Behaviour[] = [
  { kind: "lost", spends: true },
  { kind: "not_sent" },
  { kind: "mangled", how: "breaks" },
  { kind: "mangled", how: "twice" },
  { kind: "mangled", how: "garbage" },
  { kind: "answer", status: 400, body: BODY },
  { kind: "answer", status: 401, body: "canary" },
  { kind: "answer", status: 429, headers: { "retry-after": "canary" }, body: BODY },
  { kind: "answer", status: 500, body: BODY },
  { kind: "answer", status: 503, body: "<html>canary" },
  { kind: "answer", status: 302, headers: { location: "https://idp.example/canary" } },
  { kind: "answer", status: 200, body: { ...BODY, access_token: 5 } },
];
const OPTIONS: RigOptions = {
  real: true,
  settings: { clientAuth: "post", clientSecret: new Secret(SECRET), extraParams: [["x", "canary-extra"]] },
};

// The rig itself looks through every log line and every stored byte at its end.
for (const behaviour of BEHAVIOURS) {
  Deno.test(`no token in logs, errors, health or the store: ${Deno.inspect(behaviour).slice(0, 60)}`, () =>
    withRig(async (rig) => {
      const refreshToken = new Secret(rig.provider.grant().refreshToken);
      const machine = await rig.start({ settings: { refreshToken } });
      const { generation } = await machine.credential.authorize(never);
      rig.provider.next(behaviour);
      const works = [
        () => machine.credential.rejected(generation, never),
        () => Promise.resolve(machine.credential.authorize(never)),
      ];
      for (const work of works) {
        const text = await work().then(() => "", (error: unknown) => {
          assert(error instanceof Error && error.cause === undefined);
          return Deno.inspect(error) + error.message + error.stack;
        });
        assert(!text.includes("canary"), text);
      }
      assert(!Deno.inspect(machine.credential).includes("canary"), "a token shows when the credential is inspected");
      assert(!JSON.stringify(machine.credential).includes("canary"));
      assertEquals(rig.log.lines.length > 0, true);
    }, OPTIONS));
}

Deno.test("the canary test can fail: a token in a log line is found", async () => {
  let caught: unknown = null;
  try {
    await withRig(async (rig) => {
      await rig.start();
      rig.log.info("here it is", { token: rig.provider.grant().accessToken });
    });
  } catch (error) {
    caught = error;
  }
  assert(caught instanceof Error && caught.message.includes("a token in the log"));
});
