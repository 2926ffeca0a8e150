/** The price list: what models cost, and how long their answers may be. */
export interface PriceList {
  /** ISO 4217. */
  readonly currency: string;
  /** By the model's name. */
  readonly models: Readonly<Record<string, ModelPrice>>;
}

/** One model's prices, in units of the currency for a million tokens: which is millionths of it for one. */
export interface ModelPrice {
  /** For what the model reads. */
  readonly input: number;
  /** For what it writes, reasoning included. */
  readonly output: number;
  /** The longest answer, in tokens; absent: not known. */
  readonly max_output?: number;
}

/** A sum of money. */
export interface Cost {
  /** Millionths of the currency, a whole number. */
  readonly micros: number;
  /** ISO 4217. */
  readonly currency: string;
}
