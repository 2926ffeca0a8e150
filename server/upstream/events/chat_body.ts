/** How the upstream is asked. */
export interface ChatBodyOptions {
  /** The model's name, as the upstream knows it. */
  readonly model: string;
  /** Whether the answer shall be an event stream. */
  readonly stream: boolean;
  /** Whether a stream shall end with what was used; some upstreams refuse to be asked. */
  readonly askUsage: boolean;
}

/** A request in OpenAI's chat dialect as bytes: `fields`, and what the gate decides on. */
export function chatBody(
  fields: Readonly<Record<string, unknown>>,
  { model, stream, askUsage }: ChatBodyOptions,
): Uint8Array<ArrayBuffer> {
  const usage = stream && askUsage ? { stream_options: { include_usage: true } } : {};
  return new TextEncoder().encode(JSON.stringify({ ...fields, model, stream, ...usage }));
}
