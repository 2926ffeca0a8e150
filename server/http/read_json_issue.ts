/** What a schema found wrong, as zod says it. */
export interface BodyIssue {
  /** The kind of fault, in zod's words. */
  readonly code?: string | undefined;
  /** What is wrong and what is expected. */
  readonly message: string;
  /** Where in the value. */
  readonly path: readonly PropertyKey[];
  /** The fields that the schema does not know. */
  readonly keys?: readonly string[];
  /** Of a union: what is wrong with the value as each of its forms. */
  readonly errors?: readonly (readonly BodyIssue[])[];
}

type Path = BodyIssue["path"];

/** What is wrong with a body. */
export interface FieldFault {
  /** The dotted path of the field; empty: the body as a whole. */
  readonly param: string;
  /** A clause for the message: what is wrong, what is expected. */
  readonly text: string;
}

/** As much of a name that the client made up is repeated, in characters. */
const MAX_NAME = 100;

/** The first of the issues that a schema found in `body`, in words. */
export function describeIssue(issues: readonly BodyIssue[], body: unknown): FieldFault {
  const [first] = issues;
  if (first === undefined) return { param: "", text: "the body does not have the expected form" };
  const { issue, path } = innermost(first, first.path);
  if (issue.code === "unrecognized_keys") {
    const param = dotted([...path, issue.keys?.[0] ?? ""]);
    return { param, text: `\`${param}\` is not a field of this request; leave it out` };
  }
  const param = dotted(path);
  const subject = param === "" ? "the body" : `\`${param}\``;
  const expected = expectation(issue);
  const isMissing = param !== "" && valueAt(body, path) === undefined;
  return { param, text: `${subject} ${isMissing ? "is missing" : "is wrong"}: ${expected}` };
}

/** Of a union, the issue within the one form that was meant: where the value's type fits and something in it does not. */
function innermost(issue: BodyIssue, path: Path): { readonly issue: BodyIssue; readonly path: Path } {
  for (const [inner] of issue.errors ?? []) {
    if (inner === undefined || (inner.path.length === 0 && isAboutType(inner))) continue;
    return innermost(inner, [...path, ...inner.path]);
  }
  return { issue, path };
}

function isAboutType({ code }: BodyIssue): boolean {
  return code === "invalid_type" || code === "invalid_value" || code === "invalid_union";
}

/** What is expected, from zod's own words: `Too small: expected string to have >=1 characters`. */
function expectation(issue: BodyIssue): string {
  if (issue.errors !== undefined && issue.errors.length > 0) {
    const forms = issue.errors.flatMap(([inner]) => inner === undefined ? [] : [expectation(inner)]);
    return `expected ${[...new Set(forms)].map((form) => form.replace(/^expected /, "")).join(" or ")}`;
  }
  return issue.message.replace(/^[A-Z][a-z ]+: (?=expected |must )/, "").replace(/, received [\w ]+$/, "");
}

function dotted(path: Path): string {
  return path.map((key) => String(key).slice(0, MAX_NAME)).join(".").slice(0, 2 * MAX_NAME);
}

function valueAt(body: unknown, path: Path): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = Reflect.get(value, key);
  }
  return value;
}
