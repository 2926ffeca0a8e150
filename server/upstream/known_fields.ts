/** One entry: the upstream's own fields, and the ones that clients of the gate may count on. */
export interface Model {
  /** What requests name as `model`. */
  readonly id: string;
  /** All else that the upstream says of it. */
  readonly [field: string]: unknown;
}

/**
 * What servers say of a model's window, longest answer and abilities, brought under the contract's names where it is
 * known (vLLM, OpenRouter, Mistral, LiteLLM). Pure.
 */
export function withKnownFields(model: Model): Model {
  const provider = fieldsOf(model.top_provider);
  const window = firstNumber(
    model.context_window,
    model.context_length,
    model.max_model_len,
    model.max_context_length,
    model.max_input_tokens,
  );
  const output = firstNumber(model.max_output_tokens, model.max_completion_tokens, provider.max_completion_tokens);
  const own = fieldsOf(model.capabilities);
  const tools = firstBoolean(own.tools, own.function_calling, includes(model.supported_parameters, "tools"));
  const inputs = fieldsOf(model.architecture).input_modalities;
  const images = firstBoolean(own.images, own.vision, includes(inputs, "image"));
  const known = { ...(tools === null ? {} : { tools }), ...(images === null ? {} : { images }) };
  return {
    object: "model",
    ...model,
    ...(window === null ? {} : { context_window: window }),
    ...(output === null ? {} : { max_output_tokens: output }),
    ...(tools === null && images === null ? {} : { capabilities: { ...own, ...known } }),
  };
}

function firstNumber(...values: readonly unknown[]): number | null {
  return values.find((value): value is number => typeof value === "number" && value > 0) ?? null;
}

function firstBoolean(...values: readonly unknown[]): boolean | null {
  return values.find((value): value is boolean => typeof value === "boolean") ?? null;
}

/** Null when there is no list to look in. */
function includes(list: unknown, item: string): boolean | null {
  return Array.isArray(list) ? list.includes(item) : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return isObject(value) ? value : {};
}

/** Whether a foreign value is a JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
