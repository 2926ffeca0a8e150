import { assertEquals, assertLessOrEqual } from "@std/assert";
import { Api, getTokens, postToken } from "./api.ts";
import { type Gates, Install, keyIn } from "./install.ts";
import { counts } from "./options.ts";
import { report } from "./report.ts";
import { Upstream } from "./upstream.ts";
import { pause } from "./wait.ts";

const REFUSED_WITHIN_MS = 1_000;
/** Between two questions to one process. */
const POLL_MS = 20;
/** How long a process must have refused without a break. */
const STAYS_REFUSED_MS = 300;
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
    name: "its key is revoked",
    ends: ["key"],
    take: ({ keyId }, admin) => admin.json("DELETE", `/keys/${keyId}`, undefined, 204),
  },
  {
    name: "its key is disabled",
    ends: ["key"],
    take: ({ keyId }, admin) => admin.json("PATCH", `/keys/${keyId}`, { disabled: true }),
  },
  {
    name: "the key revokes itself",
    ends: ["key"],
    take: ({ key }, { url }) => new Api(url, key).json("DELETE", "/keys/current", undefined, 204),
  },
  {
    name: "it is disabled",
    ends: ["key", "token"],
    take: ({ userId }, admin) => admin.json("PATCH", `/users/${userId}`, { disabled: true }),
  },
  {
    name: "it is deleted",
    ends: ["key", "token"],
    take: ({ userId }, admin) => admin.json("DELETE", `/users/${userId}`, undefined, 204),
  },
  {
    name: "it changes its password",
    ends: ["token"],
    take: ({ token }, { url }) => {
      const body = { current_password: PASSWORD, new_password: "the user's second password" };
      return new Api(url, token).json("POST", "/users/me/password", body, 204);
    },
  },
  {
    name: "its login is revoked",
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
    name: "the command line revokes its key",
    ends: ["key"],
    take: ({ keyId }, _admin, install) => install.command(["key", "revoke", keyId]),
  },
  {
    name: "the command line disables it",
    ends: ["key", "token"],
    take: ({ username }, _admin, install) => install.command(["user", "disable", username]),
  },
  {
    name: "the command line changes its password",
    ends: ["token"],
    take: ({ username }, _admin, install) =>
      install.command(["user", "passwd", username, "--password-stdin"], "the user's third password\n"),
  },
];

Deno.test("a user is refused by every process within a second of the answer when", async (t) => {
  await using upstream = await Upstream.start("everybody");
  await using install = await Install.make(upstream.environment());
  await using gates = await install.start(3);
  const admin = await install.admin(gates.at(0));
  for (let round = 0; round < counts.revocationRounds; round++) {
    for (const [n, way] of WAYS.entries()) {
      await t.step(`${way.name}${round === 0 ? "" : `, round ${round + 1}`}`, async () => {
        const person = await addPerson(`person-${round}-${n}`, gates, admin, install);
        await assertRefused(way, person, { gates, admin, install });
      });
    }
  }
  await gates.stop();
});

/** By the command line and the servers in turn, who all work on the one store. */
async function addPerson(username: string, gates: Gates, admin: Api, install: Install): Promise<Person> {
  const { user_id: userId } = await admin.json<{ user_id: string }>(
    "POST",
    "/users",
    { username, password: PASSWORD },
    201,
  );
  const key = keyIn(await install.command(["key", "create", "laptop", "--user", username]));
  const login = await getTokens(gates.at(1).url, { username, password: PASSWORD });
  const own = new Api(gates.at(2).url, login.access_token);
  const [entry] = (await own.json<{ data: readonly { key_id: string }[] }>("GET", "/keys")).data;
  const { access_token: token, refresh_token: refreshToken } = login;
  return { username, userId, keyId: entry?.key_id ?? "", key, token, refreshToken };
}

async function assertRefused(
  way: Way,
  person: Person,
  { gates, admin, install }: { readonly gates: Gates; readonly admin: Api; readonly install: Install },
): Promise<void> {
  const probes = (["key", "token"] as const).flatMap((kind) =>
    gates.all.map((gate) => ({ kind, probe: new Probe(new Api(gate.url, person[kind])) }))
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

/** Asks one process again and again with one credential, so that it is remembered there wherever it can be. */
class Probe {
  /** When the last question that was answered well was asked, on the monotonic clock. */
  lastServed = -Infinity;
  #lastRefused = -Infinity;
  #stopped = false;
  readonly #loop: Promise<void>;

  constructor(private readonly api: Api) {
    this.#loop = this.#ask();
    this.#loop.catch(() => {}); // whoever waits hears of it
  }

  /** Waits until a question that was asked after `since` was answered well. */
  async served(since: number): Promise<void> {
    await this.#until(() => this.lastServed > since, "to be served");
  }

  /** Waits until it was refused, for some time and a second after `since` at least. */
  async refused(since: number): Promise<void> {
    const settled = () => this.#lastRefused > Math.max(this.lastServed + STAYS_REFUSED_MS, since + REFUSED_WITHIN_MS);
    await this.#until(settled, "to be refused");
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #until(isSo: () => boolean, what: string): Promise<void> {
    const deadline = performance.now() + 10_000;
    while (!isSo()) {
      if (performance.now() > deadline) throw new Error(`Waited in vain ${what}`);
      await Promise.race([pause(POLL_MS), this.#loop]);
    }
  }

  async #ask(): Promise<void> {
    while (!this.#stopped) {
      const askedAt = performance.now();
      const response = await this.api.ask("GET", "/v1/models");
      const text = await response.text();
      if (response.status === 200) this.lastServed = askedAt;
      else {
        assertEquals(response.status, 401, text);
        this.#lastRefused = askedAt;
      }
      await pause(POLL_MS);
    }
  }
}
