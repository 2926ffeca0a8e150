import type { SettingsSource } from "./source.ts";

/** The platform's folders for state and configuration, each with `gatehouse` in it; null where none can be told. */
export interface PlatformFolders {
  readonly state: string | null;
  readonly config: string | null;
}

/**
 * XDG base directories on Linux, `Library` on macOS, `AppData` on Windows. Pure: reads the handed-in environment only.
 * Relative XDG paths are ignored, as their specification says.
 */
export function platformFolders({ env, platform }: SettingsSource): PlatformFolders {
  const of = (name: string) => env[name] || null;
  if (platform === "windows") {
    const profile = of("USERPROFILE");
    return {
      state: join("\\", of("LOCALAPPDATA") ?? join("\\", profile, "AppData", "Local"), "gatehouse"),
      config: join("\\", of("APPDATA") ?? join("\\", profile, "AppData", "Roaming"), "gatehouse"),
    };
  }
  const home = of("HOME");
  if (platform === "darwin") {
    return {
      state: join("/", home, "Library", "Application Support", "gatehouse"),
      config: join("/", home, "Library", "Preferences", "gatehouse"),
    };
  }
  const xdg = (name: string) => of(name)?.startsWith("/") ? of(name) : null;
  return {
    state: join("/", xdg("XDG_STATE_HOME") ?? join("/", home, ".local", "state"), "gatehouse"),
    config: join("/", xdg("XDG_CONFIG_HOME") ?? join("/", home, ".config"), "gatehouse"),
  };
}

function join(separator: "/" | "\\", base: string | null, ...parts: readonly string[]): string | null {
  return base === null ? null : [base.replace(/[\\/]+$/, ""), ...parts].join(separator);
}
