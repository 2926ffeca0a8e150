/** An entry of `/v1/models`: OpenAI's four fields, and what Gatehouse adds. */
export interface ModelEntry {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly context_window: number;
  readonly max_output_tokens: number;
  readonly capabilities: { readonly tools: boolean; readonly images: boolean };
}

/** The quick one. */
export const DEMO_MODEL: ModelEntry = {
  id: "demo",
  object: "model",
  created: 1767225600,
  owned_by: "gatehouse-demo",
  context_window: 131_072,
  max_output_tokens: 65_536,
  capabilities: { tools: true, images: true },
};

/** The same at the pace of a big model on a busy day. */
export const SLOW_MODEL: ModelEntry = { ...DEMO_MODEL, id: "demo-slow" };

/** Every model there is. */
export const MODELS: readonly ModelEntry[] = [DEMO_MODEL, SLOW_MODEL];
