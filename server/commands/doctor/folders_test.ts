import { assertEquals } from "@std/assert";
import { checkFolders } from "./folders.ts";
import { settingsOf } from "./examination_fixture.ts";

/** The verdicts for a data and a config folder that `prepare` made. */
async function verdicts(prepare: (data: string, config: string) => Promise<void>): Promise<string[]> {
  const home = await Deno.makeTempDir();
  try {
    await prepare(`${home}/data`, `${home}/config`);
    const settings = { ...settingsOf({}).storage, dataDir: `${home}/data`, configDir: `${home}/config` };
    return (await checkFolders(settings)).map(({ what, verdict }) => `${what}: ${verdict}`);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("checkFolders() takes what is not there yet", async () => {
  const all = await verdicts(() => Promise.resolve());
  assertEquals(all, ["data folder: ok", "store file: ok", "config folder: ok", "key file: ok"]);
});

Deno.test("checkFolders() warns of what others may use", { ignore: Deno.build.os === "windows" }, async () => {
  const all = await verdicts(async (data, config) => {
    await Deno.mkdir(data, { mode: 0o700 });
    await Deno.chmod(data, 0o755);
    await Deno.writeTextFile(`${data}/gatehouse.db`, "", { mode: 0o600 });
    await Deno.mkdir(config, { mode: 0o700 });
    await Deno.writeTextFile(`${config}/sealing.key`, "");
    await Deno.chmod(`${config}/sealing.key`, 0o644);
  });
  assertEquals(all, ["data folder: warn", "store file: ok", "config folder: ok", "key file: warn"]);
});

Deno.test("checkFolders() fails for a file in a folder's place", async () => {
  const all = await verdicts((data) => Deno.writeTextFile(data, ""));
  assertEquals(all.slice(0, 2), ["data folder: FAIL", "store file: skip"]);
});

Deno.test(
  "checkFolders() fails for rights that keep the owner out",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const all = await verdicts(async (data) => await Deno.mkdir(data, { mode: 0o500 }));
    assertEquals(all[0], "data folder: FAIL");
  },
);
