// A strict OpenAI-like upstream in a process of its own. It lets in only tokens that the provider issued less than their
// lifetime ago (or one API key), and notes when it learned that a caller had left.
import { serveUntilOrphaned } from "./child.ts";
import { completion, events, MODEL, scriptOf } from "./upstream_answer.ts";

/** What the upstream noted about one request; times are milliseconds since the epoch, with fractions. */
interface Noted {
  id: string;
  prompt: string;
  state: "held" | "streaming" | "done" | "aborted";
  endedAt: number | null;
}

const control = Deno.env.get("PROVIDER");
const apiKey = Deno.env.get("UPSTREAM_KEY");
const noted: Noted[] = [];
const totals = { requests: 0, unauthorized: 0 };
const expiries = new Map<string, Promise<number>>();
const now = () => performance.timeOrigin + performance.now();

async function askExpiry(token: string): Promise<number> {
  const response = await fetch(`${control}/control/token?id=${encodeURIComponent(token)}`);
  const { expiresAt } = await response.json();
  return expiresAt ?? 0;
}

async function isAllowed(request: Request): Promise<boolean> {
  const token = request.headers.get("authorization")?.replace(/^Bearer /, "") ?? "";
  const arrivedAt = Date.now();
  if (apiKey !== undefined) return token === apiKey;
  if (control === undefined) return true;
  const expiry = expiries.get(token) ?? askExpiry(token);
  expiries.set(token, expiry);
  return arrivedAt < await expiry;
}

function end(request: Noted, state: "done" | "aborted"): void {
  if (request.endedAt !== null) return;
  request.state = state;
  request.endedAt = now();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
  });
}

function stream(request: Noted, includeUsage: boolean, signal: AbortSignal): Response {
  const source = events(scriptOf(request.prompt), includeUsage, (ms) => pause(ms, signal));
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await source.next();
      if (request.endedAt !== null) return;
      if (next.done === true) {
        end(request, "done");
        return controller.close();
      }
      controller.enqueue(encoder.encode(next.value));
    },
    cancel: () => end(request, "aborted"),
  });
  if (request.endedAt === null) request.state = "streaming";
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

async function chat(request: Request): Promise<Response> {
  const entry: Noted = {
    id: request.headers.get("idempotency-key") ?? "",
    prompt: "",
    state: "held",
    endedAt: null,
  };
  noted.push(entry);
  request.signal.addEventListener("abort", () => end(entry, "aborted"), { once: true });
  const body = await request.json();
  entry.prompt = String(body.messages?.[0]?.content).split(" ", 1)[0] ?? "";
  const script = scriptOf(entry.prompt);
  if (script.hold) await new Promise((resolve) => request.signal.addEventListener("abort", resolve, { once: true }));
  if (body.stream === true) return stream(entry, body.stream_options?.include_usage === true, request.signal);
  await pause(script.everyMs * script.chunks, request.signal);
  end(entry, "done");
  return Response.json(completion(script.chunks));
}

async function serve(request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/control/totals") return Response.json(totals);
  if (url.pathname === "/control/requests") {
    const prefix = url.searchParams.get("prefix") ?? "";
    return Response.json(noted.filter((entry) => entry.id.startsWith(prefix)));
  }
  totals.requests++;
  if (!await isAllowed(request)) {
    totals.unauthorized++;
    const error = {
      message: "The token is not valid.",
      type: "authentication_error",
      param: null,
      code: "invalid_token",
    };
    return Response.json({ error }, { status: 401, headers: { "www-authenticate": "Bearer" } });
  }
  if (url.pathname === "/v1/models") {
    return Response.json({ object: "list", data: [{ id: MODEL, object: "model", created: 1, owned_by: "e2e" }] });
  }
  if (url.pathname === "/v1/chat/completions" && request.method === "POST") return await chat(request);
  return Response.json({ error: { message: "Nothing here." } }, { status: 404 });
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, serve);
await serveUntilOrphaned(`http://127.0.0.1:${server.addr.port}`);
