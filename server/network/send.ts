import { Exchange, type ExchangeLimits } from "./exchange.ts";
import type { OutgoingRequest } from "./http_client.ts";
import type { Route } from "./routes.ts";

/**
 * Sends `request` once over `route` and answers at the headers.
 *
 * @throws {NetworkError} when no answer came
 * @throws the signal's reason when it was aborted
 */
export async function send(request: OutgoingRequest, route: Route, limits: ExchangeLimits): Promise<Response> {
  request.signal.throwIfAborted();
  const exchange = new Exchange(request, route.label, limits);
  exchange.start(await route.dispatcher());
  return await exchange.answer;
}
