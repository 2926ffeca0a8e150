import type { App } from "../app.ts";
import type { Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import type { Console } from "./console.ts";

/** What a person at a terminal sees when the server is up. */
export function banner(app: App, settings: Settings, { bold, dim }: Pick<Console, "bold" | "dim">): string[] {
  const base = `${app.url.origin}/v1`;
  const model = app.demo ? "demo" : settings.upstreams[0]?.defaultModel ?? null;
  const title = ["", bold(`  Gatehouse ${VERSION}`), ""];
  const where = [
    `  Base URL   ${bold(base)}`,
    `  API key    ${
      dim(
        settings.server.auth === "auto"
          ? "any text will do: open to programs of this machine"
          : "required (AUTH=required)",
      )
    }`,
    ...(model === null ? [] : [`  Model      ${model}`]),
    "",
  ];
  const demo = [
    `  ${bold("This is the built-in demo:")} a small identity provider and a model that knows a few tricks.`,
    "  Two settings replace it, in the environment or in .env (the README has worked examples):",
    `    LLM_API_URL      ${dim("the chat completions URL of your model")}`,
    `    OAUTH_ISSUER     ${dim("its identity provider; or API_KEY_ENV_VAR for a plain key")}`,
    "",
  ];
  const call = [
    dim("  Try it:"),
    `  curl ${base}/chat/completions -H 'content-type: application/json' \\`,
    `    -d '{"messages":[{"role":"user","content":"Hello!"}]}'`,
    "",
  ];
  return [...title, ...where, ...(app.demo ? demo : []), ...call];
}
