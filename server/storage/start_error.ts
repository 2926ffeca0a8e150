/**
 * The storage cannot be used at all and the start must stop: the message names the file or setting, what is wrong
 * with it, and what to do. It holds local paths, so it is for the operator's terminal, never for a client.
 */
export class StorageStartError extends Error {
  /** The class's own name. */
  override readonly name = "StorageStartError";
}
