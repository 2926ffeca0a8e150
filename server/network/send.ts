import { Exchange } from "./exchange.ts";
import type { OutgoingRequest } from "./http_client.ts";
import type { Route } from "./routes.ts";
import type { Watchdog } from "./watchdog.ts";

/**
 * Sends `request` once over `route` and answers at the headers.
 *
 * @throws {NetworkError} when no answer came
 * @throws the signal's reason when it was aborted
 */
export async function send(request: OutgoingRequest, route: Route, watchdog: Watchdog): Promise<Response> {
  const dispatcher = await route.dispatcher();
  request.signal.throwIfAborted();
  const exchange = new Exchange(request, route.label, watchdog);
  exchange.start(dispatcher);
  return await exchange.answer;
}
