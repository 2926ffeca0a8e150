import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { platformFolders } from "./platform_folders.ts";
import { faultNames, load, settingsOf } from "./settings_fixture.ts";

function folders(platform: "linux" | "darwin" | "windows", env: Record<string, string>): (string | null)[] {
  const { state, config } = platformFolders({ env, platform, dotenv: null, readTextFile: () => "" });
  return [state, config];
}

Deno.test("platformFolders() follows each platform's habit", () => {
  assertEquals(folders("linux", { HOME: "/h/" }), ["/h/.local/state/gatehouse", "/h/.config/gatehouse"]);
  const xdg = { HOME: "/h", XDG_STATE_HOME: "/s", XDG_CONFIG_HOME: "relative" };
  assertEquals(folders("linux", xdg), ["/s/gatehouse", "/h/.config/gatehouse"]);
  assertEquals(folders("darwin", { HOME: "/h" }), [
    "/h/Library/Application Support/gatehouse",
    "/h/Library/Preferences/gatehouse",
  ]);
  assertEquals(folders("windows", { LOCALAPPDATA: "C:\\L", APPDATA: "C:\\R" }), [
    "C:\\L\\gatehouse",
    "C:\\R\\gatehouse",
  ]);
  assertEquals(folders("windows", { USERPROFILE: "C:\\U" }), [
    "C:\\U\\AppData\\Local\\gatehouse",
    "C:\\U\\AppData\\Roaming\\gatehouse",
  ]);
  assertEquals(folders("linux", {}), [null, null]);
});

Deno.test("without a home folder DATA_DIR must be set, and holds the key too", () => {
  assertEquals(faultNames({ HOME: "" }), ["DATA_DIR"]);
  const loaded = load({ HOME: "", DATA_DIR: "/data" });
  assert(loaded.ok);
  assertEquals(loaded.settings.storage.configDir, "/data");
  assertStringIncludes(loaded.warnings.join(), "GATEHOUSE_KEY");
  assertEquals(settingsOf({ DATA_DIR: "/data" }).storage.dataDir, "/data");
});
