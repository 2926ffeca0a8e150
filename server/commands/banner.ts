import { isOpen } from "../accounts/mod.ts";
import type { App } from "../app.ts";
import type { Settings } from "../settings/mod.ts";
import { VERSION } from "../version.ts";
import type { Console } from "./console.ts";

/** What a person at a terminal sees when the server is up. */
export function banner(
  app: Pick<App, "url" | "demo">,
  settings: Pick<Settings, "server" | "upstreams">,
  { bold, dim }: Pick<Console, "bold" | "dim">,
): string[] {
  const { server, upstreams } = settings;
  const open = isOpen({ auth: server.auth, bind: server.host });
  const { base, note } = addressOf(app, server.publicUrl);
  const model = app.demo ? "demo" : upstreams[0]?.defaultModel ?? null;
  const title = ["", bold(`  Gatehouse ${VERSION}`), ""];
  const where = [
    `  Base URL   ${bold(base)}${note === "" ? "" : `   ${dim(note)}`}`,
    `  API key    ${
      dim(
        open
          ? "any text will do: open to programs of this machine"
          : "required: `deno task gatehouse key create <key's name> --user <name>` makes one",
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
    ...(open ? [] : [`    -H "authorization: Bearer $KEY" \\`]),
    `    -d '{"messages":[{"role":"user","content":"Hello!"}]}'`,
    "",
  ];
  return [...title, ...where, ...(app.demo ? demo : []), ...call];
}

/** The base URL as clients write it: nobody can call 0.0.0.0. */
function addressOf(
  { url }: Pick<App, "url">,
  publicUrl: URL | null,
): { readonly base: string; readonly note: string } {
  if (publicUrl !== null) return { base: `${publicUrl.href.replace(/\/$/, "")}/v1`, note: "" };
  const everywhere = url.hostname === "0.0.0.0" || url.hostname === "[::]";
  if (!everywhere) return { base: `${url.origin}/v1`, note: "" };
  return { base: `http://127.0.0.1:${url.port}/v1`, note: "and at every address of this machine" };
}
