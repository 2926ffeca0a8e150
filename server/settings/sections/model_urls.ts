import type { Values } from "../values.ts";

/** The chat URL: `LLM_API_URL` as it is, or `LLM_BASE_URL` with `/chat/completions`; null if neither is set. */
export function chatUrl(values: Values): URL | null {
  const whole = values.get("LLM_API_URL");
  const base = values.get("LLM_BASE_URL");
  return whole ?? (base === null ? null : withPath(base, `${bare(base.pathname)}/chat/completions`));
}

/** The model list's URL: its own setting, or derived from the chat URL; null where it cannot be derived. */
export function modelsUrl(values: Values, chat: URL): URL | null {
  const path = /^(.*)\/chat\/completions$/.exec(bare(chat.pathname))?.[1];
  return values.get("LLM_MODELS_API_URL") ?? (path === undefined ? null : withPath(chat, `${path}/models`));
}

function bare(path: string): string {
  return path.replace(/\/+$/, "");
}

function withPath(url: URL, path: string): URL {
  const copy = new URL(url);
  copy.pathname = path;
  return copy;
}
