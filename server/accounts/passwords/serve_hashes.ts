import { argon2id } from "./argon2id.ts";

/** What the worker is asked: see {@linkcode argon2id}. */
export interface HashRequest {
  readonly password: string;
  readonly head: string;
}

/** What the worker says: that it listens, then one answer to each request. Null: the hash could not be made. */
export type HashAnswer = { readonly ready: true } | { readonly hash: string | null };

/** What a dedicated worker's global scope adds; Deno's types are those of the main thread. */
interface WorkerScope {
  postMessage(answer: HashAnswer): void;
  addEventListener(type: "message", listener: (event: MessageEvent<HashRequest>) => void): void;
}

/** Runs inside a worker that the password hasher has started: hashes what it is sent, until it is ended. */
export function servePasswordHashes(): void {
  const scope: WorkerScope = globalThis as unknown as WorkerScope; // only ever called inside a worker
  scope.addEventListener("message", ({ data: { password, head } }) => {
    argon2id(password, head).then(
      (hash) => scope.postMessage({ hash }),
      () => scope.postMessage({ hash: null }),
    );
  });
  // What is sent before somebody listens is lost.
  scope.postMessage({ ready: true });
}
