import type { Library, OpenTurn, TurnStart } from "../library/library.ts";
import { userMessage } from "../library/replies.ts";
import type { Message, Said, ToolResult } from "../message.ts";
import type { Script } from "../rounds/rounds.ts";
import type { Session } from "../session.ts";
import { chooseWindow } from "../window/choose_window.ts";
import type { LoadTokenizer } from "../window/tokenizer.ts";
import type { Window, WindowWish } from "../window/window.ts";

/** What a script is written from. */
export interface StoredScriptOptions {
  /** Where its messages are. */
  readonly library: Pick<Library, "backwards" | "begin" | "said" | "answered" | "finish">;
  /** What the turn begins with. */
  readonly start: Omit<TurnStart, "owner">;
  /** The session it goes on in; null: a new one. */
  readonly session: Session | null;
  /** What has to fit into the model's window. */
  readonly wish: Omit<WindowWish, "before" | "newest">;
  /** Gets the tokenizer of a model. */
  readonly load: LoadTokenizer;
  /** Told when a round is stored. */
  readonly onRound: (open: OpenTurn) => void;
}

/** Stands for the user's message until the store has given it an id. */
const TO_BE = "";

/** The messages of a turn, from the store and into it. */
export class StoredScript implements Script {
  readonly #options: StoredScriptOptions;
  #open: OpenTurn | null = null;
  #newest: readonly Message[];

  constructor(options: StoredScriptOptions) {
    this.#options = options;
    this.#newest = [userMessage(TO_BE, options.start, 0)];
  }

  async window(signal: AbortSignal): Promise<Window> {
    const { wish, load } = this.#options;
    return await chooseWindow({ ...wish, before: this.#before(), newest: this.#newest }, { load, signal });
  }

  /** Stores the user's message. @throws {GatehouseError} the codes of `Library.begin` */
  async begin(owner: string): Promise<OpenTurn> {
    const { library, start } = this.#options;
    const open = await library.begin({ ...start, owner });
    this.#open = open;
    this.#newest = [open.message];
    return open;
  }

  async said(said: Said): Promise<void> {
    const { library, onRound } = this.#options;
    const { turn, message } = await library.said(this.#begun(), this.#named(said));
    this.#goOn(turn, [message]);
    onRound(turn);
  }

  async answered(results: readonly ToolResult[]): Promise<void> {
    const { library, onRound } = this.#options;
    const { turn, messages } = await library.answered(this.#begun(), results);
    this.#goOn(turn, messages);
    onRound(turn);
  }

  /**
   * Stores the reply and frees the session.
   *
   * @param chunks in how many of them readers got the turn's text
   * @throws {GatehouseError} the codes of `Library.finish`
   */
  async finish(said: Said, chunks: number): Promise<Message> {
    return (await this.#options.library.finish(this.#begun(), this.#named(said), chunks)).message;
  }

  #goOn(turn: OpenTurn, messages: readonly Message[]): void {
    this.#open = turn;
    this.#newest = [...this.#newest, ...messages];
  }

  #begun(): OpenTurn {
    if (this.#open === null) throw new TypeError("A turn is told of an answer before its user's message is stored");
    return this.#open;
  }

  /** What was said before this turn. */
  #before(): AsyncIterable<Message> {
    const { library, session, start: { base } } = this.#options;
    if (this.#open !== null) return library.backwards(this.#open.session, this.#open.message.id);
    return session === null ? nothing() : library.backwards(session, base?.replaceFrom ?? null);
  }

  /** Where all of the history was cut off, the first message that was sent is the user's, which had no id then. */
  #named(said: Said): Said {
    return said.historyFrom === TO_BE ? { ...said, historyFrom: this.#begun().message.id } : said;
  }
}

async function* nothing(): AsyncGenerator<never> {}
