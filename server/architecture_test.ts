import { assertEquals } from "@std/assert";
import config from "../deno.json" with { type: "json" };

/** From the ground up. A room imports from lower floors only; rooms of one floor do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ["errors", "effects", "secrets", "version.ts"],
  ["settings"],
  ["telemetry"],
  ["storage", "network", "demo", "client"],
  ["credential"],
  ["upstream"],
  ["accounts"],
  ["usage"],
  ["inference"],
  ["conversations"],
  ["http"],
  ["surfaces"],
  ["app.ts"],
  ["commands"],
  ["main.ts"],
];

/** What only tests and builds run, and the product never imports. */
const FIXTURE =
  /_test\.ts$|_fixture\.ts$|_testing\.ts$|\/testing\.ts$|(^|\/)testing\/|\/test_servers\.ts$|\/fake_clock\.ts$|\/instant_clock\.ts$|^(bench|e2e|docs)\/|\/write_env_example\.ts$|\.d\.ts$/;

/** An import as it is written; for files that the product does not load. */
const WRITTEN = /(?:\bfrom|\bimport\(|^import) ?"([^"\n]+)"/gm;

const SERVER = new URL("./", import.meta.url).href;

/** What is read here of `deno info --json`. */
interface Graph {
  readonly modules: readonly {
    readonly specifier: string;
    readonly error?: string;
    readonly dependencies?: readonly Dependency[];
  }[];
}

interface Dependency {
  readonly specifier: string;
  readonly code?: { readonly specifier?: string };
  readonly type?: { readonly specifier?: string };
}

/** One import of a file in `server/`; paths are relative to it. */
interface Import {
  readonly from: string;
  /** As it is written. */
  readonly specifier: string;
  /** Null: not a file in `server/`. */
  readonly to: string | null;
}

/** All that the product loads, types and dynamic imports included, as Deno itself reads it. */
async function productGraph(): Promise<{ readonly files: readonly string[]; readonly imports: readonly Import[] }> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", new URL("main.ts", SERVER).pathname],
    stderr: "inherit",
  }).output();
  const { modules }: Graph = JSON.parse(new TextDecoder().decode(stdout));
  const own = modules.filter(({ specifier }) => specifier.startsWith(SERVER) && !specifier.endsWith(".d.ts"));
  assertEquals(own.filter(({ error }) => error !== undefined), []);
  const imports = own.flatMap(({ specifier: from, dependencies = [] }) =>
    dependencies.map(({ specifier, code, type }) => ({
      from: from.slice(SERVER.length),
      specifier,
      to: inServer(code?.specifier ?? type?.specifier ?? ""),
    }))
  );
  return { files: own.map(({ specifier }) => specifier.slice(SERVER.length)), imports };
}

function inServer(url: string): string | null {
  return url.startsWith(SERVER) ? url.slice(SERVER.length) : null;
}

/** The folder at the top of `server/` that a file lies in; `app.ts` is a room by itself. */
function roomOf(path: string): string {
  return path.split("/")[0] ?? path;
}

/** The folder of a surface; null for all other files. */
function surfaceOf(path: string): string | null {
  const [room, surface, file] = path.split("/");
  return room === "surfaces" && surface !== undefined && file !== undefined ? surface : null;
}

function floorOf(path: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(roomOf(path)));
}

async function sourceFiles(folder = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, SERVER))) {
    if (isDirectory) found.push(...await sourceFiles(`${folder}${name}/`));
    else if (name.endsWith(".ts")) found.push(folder + name);
  }
  return found.sort();
}

/** The outermost door between an importer and its target; null: they share all rooms that have one. */
function doorBetween(from: string, to: string, files: ReadonlySet<string>): string | null {
  const folders = to.split("/").slice(0, -1);
  for (let depth = 1; depth <= folders.length; depth++) {
    const folder = `${folders.slice(0, depth).join("/")}/`;
    if (!from.startsWith(folder) && files.has(`${folder}mod.ts`)) return `${folder}mod.ts`;
  }
  return null;
}

function show({ from, specifier }: Import): string {
  return `${from} imports ${specifier}`;
}

const graph = await productGraph();
const all = await sourceFiles();
const inside = graph.imports.filter((one): one is Import & { readonly to: string } => one.to !== null);

Deno.test("architecture: every file belongs to a room with a floor", () => {
  assertEquals(graph.files.filter((file) => floorOf(file) === -1), []);
});

Deno.test("architecture: imports point down, and no surface imports another", () => {
  const wrong = inside.filter(({ from, to }) => {
    if (roomOf(from) === roomOf(to)) return surfaceOf(from) !== surfaceOf(to);
    return floorOf(to) >= floorOf(from);
  });
  assertEquals(wrong.map(show), []);
});

Deno.test("architecture: only app.ts imports the demo, and nothing imports the client", () => {
  const apart = inside.filter(({ from, to }) => {
    if (roomOf(from) === roomOf(to)) return false;
    return roomOf(to) === "demo" ? from !== "app.ts" : roomOf(to) === "client";
  });
  assertEquals(apart.map(show), []);
});

Deno.test("architecture: nothing reaches past a door", () => {
  const files = new Set(all);
  const past = inside.filter(({ from, to }) => {
    const door = doorBetween(from, to, files);
    return door !== null && door !== to;
  });
  assertEquals(past.map(show), []);
});

Deno.test("architecture: the commands have one user, the command line, which loads each when it is asked for", () => {
  const users = inside.filter(({ from, to }) => roomOf(to) === "commands" && roomOf(from) !== "commands");
  assertEquals([...new Set(users.map(({ from }) => from))], ["main.ts"]);
});

Deno.test("architecture: there are no circles, types included", () => {
  const targets = Map.groupBy(inside, ({ from }) => from);
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(" > "));
    if (done.has(file) || path.includes(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of graph.files) visit(file, []);
  assertEquals(circles, []);
});

Deno.test("architecture: the product imports no fixture, and every other file is part of it", () => {
  assertEquals(graph.files.filter((file) => FIXTURE.test(file)), []);
  const shipped = new Set(graph.files);
  assertEquals(all.filter((file) => !shipped.has(file) && !FIXTURE.test(file)), []);
});

Deno.test("architecture: packages come from npm by the names in deno.json, and each name is used", async () => {
  const names = new Set(Object.keys(config.imports).map((name) => name.replace(/\/$/, "")));
  const nameOf = (specifier: string): string | undefined =>
    [...names].find((name) => specifier === name || specifier.startsWith(`${name}/`));
  assertEquals(Object.values(config.imports).filter((target) => !target.startsWith("npm:")), []);

  const foreign = graph.imports.filter(({ specifier }) => !/^\.|^node:/.test(specifier));
  assertEquals(foreign.filter(({ specifier }) => nameOf(specifier) === undefined).map(show), []);

  const used = new Set<string>();
  const raw: string[] = [];
  for (const file of all) {
    const text = await Deno.readTextFile(new URL(file, SERVER));
    for (const [, specifier = ""] of text.matchAll(WRITTEN)) {
      used.add(nameOf(specifier) ?? "");
      if (/^(npm|jsr|https?):/.test(specifier)) raw.push(`${file} imports ${specifier}`);
    }
  }
  assertEquals(raw, []);
  assertEquals([...names].filter((name) => !used.has(name)), []);
});

Deno.test("architecture: what tests take from other rooms past a door are fixtures", async () => {
  const files = new Set(all);
  const past: string[] = [];
  for (const file of all.filter((file) => FIXTURE.test(file) && !/^(bench|e2e|docs)\//.test(file))) {
    const text = await Deno.readTextFile(new URL(file, SERVER));
    for (const [, specifier = ""] of text.matchAll(WRITTEN)) {
      const to = specifier.startsWith(".") ? inServer(new URL(specifier, new URL(file, SERVER)).href) : null;
      if (to === null || roomOf(to) === roomOf(file) || FIXTURE.test(to)) continue;
      const door = doorBetween(file, to, files);
      if (door !== null && door !== to) past.push(`${file} imports ${to}`);
    }
  }
  assertEquals(past, []);
});

Deno.test("architecture: no file is longer than one sitting (400 lines)", async () => {
  const long: string[] = [];
  for (const file of all) {
    const lines = (await Deno.readTextFile(new URL(file, SERVER))).trimEnd().split("\n").length;
    if (lines > 400) long.push(`${file}: ${lines}`);
  }
  assertEquals(long, []);
});
