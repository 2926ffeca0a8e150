/** What the process's worker does instead of a command: it hashes passwords, so that logins do not hold up streams. */
export async function hashWorker(): Promise<void> {
  (await import("../accounts/mod.ts")).servePasswordHashes();
}
