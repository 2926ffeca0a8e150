const LF = 0x0a;
const CR = 0x0d;

/** The place in a line that reading has come to. */
const IN_LINE = 0;
/** After a line feed, or at the very beginning. */
const LINE_START = 1;
/** After a carriage return that a line feed may complete. */
const AFTER_CR = 2;
/** After a carriage return on an empty line: a border, once it is known whether a line feed belongs to it. */
const EMPTY_CR = 3;

/**
 * Finds where events end (WHATWG HTML, server-sent events: an empty line; lines end with LF, CRLF or CR). Bytes come in
 * any portions; the borders do not depend on them. A CR that ends an empty line after an LF counts only when the next
 * byte is known, so that no CRLF is cut in two.
 */
export class Borders {
  #place = LINE_START;

  /**
   * Reads `bytes[from, to)`.
   *
   * @param ends takes the index after each event's last byte; the first may be `from` itself
   */
  read(bytes: Uint8Array, from: number, to: number, ends: number[]): void {
    let place = this.#place;
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      if (place === EMPTY_CR && byte !== LF) {
        place = AFTER_CR;
        ends.push(i);
      }
      if (byte === LF) {
        const isBorder = place === LINE_START || place === EMPTY_CR;
        place = LINE_START;
        if (isBorder) ends.push(i + 1);
      } else if (byte === CR) {
        const isBorder = place === AFTER_CR;
        place = place === LINE_START ? EMPTY_CR : AFTER_CR;
        if (isBorder) ends.push(i + 1);
      } else {
        place = IN_LINE;
        while (i + 1 < to && (bytes[i + 1] ?? 0) > CR) i++;
      }
    }
    this.#place = place;
  }

  /** At the end of the stream: whether the last byte ends an event after all. */
  end(): boolean {
    return this.#place === EMPTY_CR;
  }
}
