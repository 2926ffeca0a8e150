import { integer, number, seconds, secondsOrZero } from "../types/number_types.ts";
import { headerName, headerPairs } from "../types/pair_types.ts";
import { freeText, line, path, variableName } from "../types/text_types.ts";
import { httpUrl } from "../types/url_types.ts";
import type { Variable } from "./variable.ts";

export const MODEL_VARIABLES = {
  LLM_API_URL: { type: httpUrl, help: "Full URL of the model's chat completions; a query is kept." },
  LLM_BASE_URL: { type: httpUrl, help: "Instead of LLM_API_URL: the URL that /chat/completions is added to." },
  LLM_MODEL_NAME: { type: line, help: "Model for requests that name none, or `default`." },
  LLM_MODELS_API_URL: {
    type: httpUrl,
    unset: "the chat URL with /models for /chat/completions",
    help: "URL of the model list.",
  },
  LLM_SYSTEM_PROMPT: { type: freeText, help: "System prompt of conversations and sessions; never added on /v1." },
  LLM_TEMPERATURE: { type: number(0, 2), help: "Temperature of conversations and sessions; never added on /v1." },
  LLM_REQUEST_TIMEOUT: {
    type: seconds,
    default: "120",
    help: "Seconds of silence before the first byte and between bytes.",
  },
  LLM_TOTAL_TIMEOUT: { type: secondsOrZero, default: "0", help: "Seconds that a whole answer may take; 0: no limit." },
  LLM_CONTEXT_TOKENS: {
    type: integer(1),
    unset: "what the model list says, else 32768",
    help: "Most tokens of history, prompt and reply together; a smaller window of the model wins.",
  },
  LLM_MAX_CONCURRENT: { type: integer(0), default: "0", help: "Requests at a time, more wait; 0: no limit." },
  LLM_EXTRA_HEADERS: { type: headerPairs, help: "Headers added to every request to the model." },
  API_KEY_ENV_VAR: { type: variableName, help: "Name of the variable that holds the model's API key." },
  API_KEY_HEADER: {
    type: headerName,
    default: "authorization",
    help: "Header of the API key: authorization sends `Bearer <key>`, any other the bare key.",
  },
  PRICES_FILE: {
    type: path,
    help:
      'JSON file of prices per million tokens: `{"currency":"USD","models":{"name":{"input":2.5,"output":10,"max_output":16384}}}`; currency and max_output may be left out.',
  },
} as const satisfies Record<string, Variable<unknown>>;
