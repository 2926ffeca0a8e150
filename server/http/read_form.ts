import { GatehouseError } from "../errors/mod.ts";
import { readRequestBody } from "./read_request.ts";

/** How {@linkcode readForm} reads. */
export interface ReadFormOptions<Name extends string> {
  /** The fields that are read; all others are ignored (RFC 6749 §3.2). */
  readonly fields: readonly Name[];
  /** The longest body that is read, in bytes. */
  readonly maxBytes: number;
  /** What cannot be done with a wrong form: completes `Cannot …:`, such as `revoke this token`. */
  readonly what: string;
}

/**
 * Reads a request's body as a form (`application/x-www-form-urlencoded`). A field without a value counts as absent.
 *
 * @throws {GatehouseError} `unsupported_media_type`, `body_too_large`, `client_closed_request`, and `invalid_request`
 * with its `param` for a field that stands there twice
 * @see RFC 6749 §3.2 and appendix B
 */
export async function readForm<Name extends string>(
  request: Request,
  { fields, maxBytes, what }: ReadFormOptions<Name>,
): Promise<Readonly<Partial<Record<Name, string>>>> {
  const type = request.headers.get("content-type");
  if (type === null || !/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    const found = type === null
      ? "it has no content type"
      : `its content type is ${JSON.stringify(type.slice(0, 100))}`;
    throw new GatehouseError(
      "unsupported_media_type",
      `Cannot ${what}: ${found}; send application/x-www-form-urlencoded`,
    );
  }
  const form = new URLSearchParams(new TextDecoder().decode(await readRequestBody(request, maxBytes)));
  const values: Partial<Record<Name, string>> = {};
  for (const name of fields) {
    const [value, ...more] = form.getAll(name);
    if (more.length > 0) {
      throw new GatehouseError("invalid_request", `Cannot ${what}: ${name} stands there twice; send it once`, {
        param: name,
      });
    }
    if (value) values[name] = value;
  }
  return values;
}
