import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { Api, getTokens, postToken } from "./api.ts";
import { type Gates, Install } from "./install.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { Probe, REFUSED_WITHIN_MS } from "./access_probe.ts";
import { Upstream } from "./upstream.ts";
import { inBatches } from "./wait.ts";

/** Between two questions to each process: busy ones, and one that is asked just often enough to trust what it remembers. */
const EVERY_MS = [30, 30, 350];
const PASSWORD = "the user's first password";

/** A user with a login and a key that work everywhere. */
interface Person {
  readonly username: string;
  readonly userId: string;
  readonly keyId: string;
  readonly key: string;
  readonly token: string;
  readonly refreshToken: string;
}

/** One way to take access away. */
interface Way {
  readonly name: string;
  /** What is refused from then on; what is not named here goes on. */
  readonly ends: readonly ("key" | "token")[];
  take(person: Person, admin: Api, install: Install): Promise<unknown>;
}

const WAYS: readonly Way[] = [
  {
    name: "a key is revoked",
    ends: ["key"],
    take: ({ keyId }, admin) => admin.json("DELETE", `/keys/${keyId}`, undefined, 204),
  },
  {
    name: "a key is disabled",
    ends: ["key"],
    take: ({ keyId }, admin) => admin.json("PATCH", `/keys/${keyId}`, { disabled: true }),
  },
  {
    name: "a key revokes itself",
    ends: ["key"],
    take: ({ key }, { url }) => new Api(url, key).json("DELETE", "/keys/current", undefined, 204),
  },
  {
    name: "a user is disabled",
    ends: ["key", "token"],
    take: ({ userId }, admin) => admin.json("PATCH", `/users/${userId}`, { disabled: true }),
  },
  {
    name: "a user is deleted",
    ends: ["key", "token"],
    take: ({ userId }, admin) => admin.json("DELETE", `/users/${userId}`, undefined, 204),
  },
  {
    name: "a user has a new password",
    ends: ["token"],
    take: ({ token }, { url }) => {
      const body = { current_password: PASSWORD, new_password: "the user's second password" };
      return new Api(url, token).json("POST", "/users/me/password", body, 204);
    },
  },
  {
    name: "a login is revoked",
    ends: ["token"],
    take: async ({ refreshToken }, { url }) => {
      const response = await fetch(`${url}/revoke`, {
        method: "POST",
        body: new URLSearchParams({ token: refreshToken }),
      });
      assertEquals(response.status, 200, await response.text());
    },
  },
  {
    name: "the command line revokes a key",
    ends: ["key"],
    take: ({ keyId }, _admin, install) => install.command(["key", "revoke", keyId]),
  },
  {
    name: "the command line disables a user",
    ends: ["key", "token"],
    take: ({ username }, _admin, install) => install.command(["user", "disable", username]),
  },
  {
    name: "the command line gives a new password",
    ends: ["token"],
    take: ({ username }, _admin, install) =>
      install.command(["user", "passwd", username, "--password-stdin"], "the user's third password\n"),
  },
];

Deno.test("whoever loses access is refused by every process within a second of the answer", async () => {
  await using upstream = await Upstream.start("everybody");
  await using install = await Install.make(upstream.environment());
  await using gates = await install.start(3);
  const admin = await install.admin(gates.at(0));
  await inBatches(counts.revocationRounds * WAYS.length, 2, async (n) => {
    const way = WAYS[n % WAYS.length];
    assert(way !== undefined);
    const person = await addPerson(`person-${n}`, gates, admin);
    await assertRefused(way, person, { gates, admin, install }).catch((error) => {
      throw new Error(`${way.name}: ${error.message}`);
    });
  });
  await gates.stop();
});

/** By each of the processes in turn, who all work on the one store. */
async function addPerson(username: string, gates: Gates, admin: Api): Promise<Person> {
  const user = { username, password: PASSWORD };
  const { user_id: userId } = await admin.json<{ user_id: string }>("POST", "/users", user, 201);
  const { access_token: token, refresh_token: refreshToken } = await getTokens(gates.at(1).url, user);
  const { key_id: keyId, key } = await new Api(gates.at(2).url, token).createKey({ name: "laptop" });
  return { username, userId, keyId, key, token, refreshToken };
}

async function assertRefused(
  way: Way,
  person: Person,
  { gates, admin, install }: { readonly gates: Gates; readonly admin: Api; readonly install: Install },
): Promise<void> {
  const probes = (["key", "token"] as const).flatMap((kind) =>
    gates.all.map((gate, n) => ({ kind, probe: new Probe(new Api(gate.url, person[kind]), EVERY_MS[n] ?? 0) }))
  );
  try {
    await Promise.all(probes.map(({ probe }) => probe.served(performance.now())));
    await way.take(person, admin, install);
    const answeredAt = performance.now();
    const ending = probes.filter(({ kind }) => way.ends.includes(kind));
    await Promise.all(ending.map(({ probe }) => probe.refused(answeredAt)));
    const late = ending.map(({ probe }) => Math.max(0, probe.lastServed - answeredAt));
    report(`${way.name}: served for ${late.map((ms) => ms.toFixed(0)).join(" ")} ms more`);
    assertLessOrEqual(Math.max(...late), REFUSED_WITHIN_MS);
    const others = probes.filter(({ kind }) => !way.ends.includes(kind));
    await Promise.all(others.map(({ probe }) => probe.served(performance.now())));
  } finally {
    await Promise.all(probes.map(({ probe }) => probe.stop()));
  }
  if (!way.ends.includes("token")) return;
  const refresh = { grant_type: "refresh_token", refresh_token: person.refreshToken };
  for (const { url } of gates.all) {
    const response = await postToken(url, refresh);
    const text = await response.text();
    assertEquals({ status: response.status, error: JSON.parse(text).error }, { status: 400, error: "invalid_grant" });
  }
}
