import { assertEquals } from "@std/assert";
import { type Child, startFixture } from "./child.ts";
import { eventually } from "./wait.ts";

/** The name of the one model. */
export const MODEL = "gpt-4o";
const KEY = "key-of-aimock-0ddba11";

/** What the model does; whatever else it is asked, it says all that the user has said so far. */
export const PROMPTS = {
  /** Says hello. */
  hello: "Say hello.",
  /** Calls one tool, then says what it gave. */
  weather: "What is the weather in Paris?",
  /** Calls two tools at once, then one more with what they gave, then says it. */
  trip: "Compare Paris and Bern, then pack for the better one.",
  /** A beginning: speaks when {@linkcode ScriptedModel.release} is called. */
  wait: "Wait for me",
  /** Speaks slowly and for long. */
  long: "Tell me a very long story.",
} as const;

/** What the suite itself asks the model. */
export const CONTROL = { waiting: "How many wait?", release: "Release them." } as const;

/** A mock of OpenAI that nobody here wrote, in a process of its own, with a part to play. */
export class ScriptedModel implements AsyncDisposable {
  readonly #child: Child;
  readonly #url: string;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.#url = url;
  }

  static async start(): Promise<ScriptedModel> {
    const { child, url } = await startFixture("realtime_model_process.ts", { MOCK_KEY: KEY });
    return new ScriptedModel(child, url);
  }

  /** The settings that make a gate use it. */
  environment(): Record<string, string> {
    return { LLM_BASE_URL: `${this.#url}/v1`, LLM_MODEL_NAME: MODEL, API_KEY_ENV_VAR: "MOCK_KEY", MOCK_KEY: KEY };
  }

  /** Waits until so many requests wait. */
  async waiting(count: number): Promise<void> {
    const isSo = async () => Number(await this.#ask(CONTROL.waiting)) === count || undefined;
    await eventually(isSo, `${count} requests that wait`);
  }

  /** Lets all that wait speak, and whoever comes. */
  async release(): Promise<void> {
    await this.#ask(CONTROL.release);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  async #ask(content: string): Promise<string> {
    const response = await fetch(`${this.#url}/v1/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${KEY}` },
      body: JSON.stringify({ model: MODEL, messages: [{ role: "user", content }] }),
    });
    const text = await response.text();
    assertEquals(response.status, 200, text);
    return JSON.parse(text).choices[0].message.content;
  }
}
