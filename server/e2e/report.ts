/** Prints one line: a measured figure of a suite, or what a fixture has to say. */
export function report(line: string): void {
  // deno-lint-ignore no-console -- the end-to-end runner's own output
  console.log(line);
}
