import { platformFolders } from "../platform_folders.ts";
import type { StorageSettings } from "../settings.ts";
import type { SettingsSource } from "../source.ts";
import type { Values } from "../values.ts";

/** Where things are kept. */
export function storageSettings(values: Values, source: SettingsSource): StorageSettings {
  const folders = platformFolders(source);
  const dataDir = values.get("DATA_DIR") ?? folders.state;
  const kvUrl = values.get("DENO_KV_URL");
  if (dataDir === null) values.require("DATA_DIR", "a folder, because the environment names no home folder");
  if (dataDir !== null && folders.config === null && !values.isSet("GATEHOUSE_KEY")) {
    values.warnings.push(
      "There is no home folder, so the key file lies in DATA_DIR, beside what it seals: set GATEHOUSE_KEY",
    );
  }
  if (kvUrl !== null) {
    values.require("GATEHOUSE_KEY", "a key, because DENO_KV_URL is set: all replicas seal with the same one");
    if (!values.isSet("DENO_KV_ACCESS_TOKEN")) {
      values.warnings.push("DENO_KV_URL is set without DENO_KV_ACCESS_TOKEN: the remote store will refuse");
    }
  }
  return {
    dataDir: dataDir ?? "",
    configDir: folders.config ?? dataDir ?? "",
    kvUrl,
    kvAccessToken: values.get("DENO_KV_ACCESS_TOKEN"),
    sealingKey: values.get("GATEHOUSE_KEY"),
  };
}
