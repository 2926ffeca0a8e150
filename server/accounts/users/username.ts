import { GatehouseError } from "../../errors/mod.ts";

/** Letters and digits of any script, and `._-@+` within: nothing that a shell, a path or a list could misread. */
const FORM = /^[\p{L}\p{Nd}_](?:[\p{L}\p{M}\p{Nd}._@+-]*[\p{L}\p{M}\p{Nd}_])?$/u;
/** Letters and marks among them that are not seen: by them two names would look like one. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
/** Names by which the server speaks of those who have no account. */
const RESERVED: ReadonlySet<string> = new Set(["local", "me", "nobody", "metrics"]);
const LONGEST = 64;

/**
 * A username as it is kept: in Unicode form NFKC, so that one name is not written in two ways.
 *
 * @throws {GatehouseError} `invalid_field` (`username`)
 */
export function usernameOf(given: string): string {
  const name = possibleName(given);
  if (name === null) {
    throw refusal(
      `username must be 1 to ${LONGEST} letters, digits and "._-@+", beginning and ending with a letter, a digit or "_"`,
    );
  }
  if (RESERVED.has(folded(name))) {
    throw refusal(`username must not be ${folded(name)}, which is a name of the server's`);
  }
  return name;
}

/** By what a name is found: the same for all cases of its letters. Null: nobody can be called so. */
export function nameKeyOf(given: string): string | null {
  const name = possibleName(given);
  return name === null ? null : folded(name);
}

function possibleName(given: string): string | null {
  if (given.length > 2 * LONGEST) return null; // a letter beyond the first 65,536 counts twice here
  const name = given.normalize("NFKC");
  return [...name].length <= LONGEST && FORM.test(name) && !INVISIBLE.test(name) ? name : null;
}

/** Down, up and down again: some letters have two small forms (`σ`, `ς`), some no great one of one letter (`ß`). */
function folded(name: string): string {
  return name.toLowerCase().toUpperCase().toLowerCase().normalize("NFKC");
}

function refusal(why: string): GatehouseError {
  return new GatehouseError("invalid_field", `Cannot create the user: ${why}`, { param: "username" });
}
