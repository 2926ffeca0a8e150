/** Tells the parent where the server listens, in the line that Gatehouse itself prints. */
export function announce({ port }: { readonly port: number }): void {
  // deno-lint-ignore no-console -- the line is the process's answer to its parent
  console.log(JSON.stringify({ message: "listening", url: `http://127.0.0.1:${port}` }));
}
