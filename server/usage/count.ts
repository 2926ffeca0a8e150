/** Tokens of one or more calls. */
export interface TokenCount {
  /** Read by the model. */
  readonly prompt: number;
  /** Written by it. */
  readonly completion: number;
}
