/** One draft: the next piece of what a reply has said. */
export interface DraftPiece {
  /** Counts the drafts of one reply, from 0. */
  readonly index: number;
  /** What was said since the one before. */
  readonly text: string;
}

/** What a reply has said since it was last kept. */
export class DraftText {
  #text = "";
  #index = 0;

  /** More of the reply. */
  add(text: string): void {
    this.#text += text;
  }

  /** The next draft; null: there is nothing new. Until it is kept it only grows: putting it twice does no harm. */
  next(): DraftPiece | null {
    return this.#text === "" ? null : { index: this.#index, text: this.#text };
  }

  /** The draft that `next()` gave is kept. */
  kept({ index, text }: DraftPiece): void {
    if (index !== this.#index) return;
    this.#text = this.#text.slice(text.length);
    this.#index++;
  }
}
