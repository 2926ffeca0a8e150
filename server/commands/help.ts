import { settingsHelp } from "../settings/mod.ts";

/** The text of `gatehouse help`, settings included. */
export function help(): string[] {
  return [
    "Gatehouse keeps the OAuth2 credential of a protected language model and serves it as a plain OpenAI API.",
    "",
    "Usage: deno task gatehouse <command>",
    "",
    "  serve              run the server (also: deno task serve)",
    "  login [--browser]  log in to the model's identity provider: by device code, or in the browser of this machine",
    "  logout             revoke the credential at the provider, then forget it",
    "  status             show the credential's state",
    "  user <action>      add, list, remove, passwd, disable, enable: who may log in (`user --help`)",
    "  key <action>       create, list, revoke: API keys (`key --help`)",
    "  usage              what was used and what it cost, by model, user, key or day (`usage --help`)",
    "  doctor             check the settings against reality and say what to mend",
    "  version            print the version",
    "  help               this text",
    "",
    settingsHelp(),
  ];
}
