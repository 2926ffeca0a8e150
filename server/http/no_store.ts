import { GatehouseError } from "../errors/mod.ts";
import { errorResponse } from "./error_response.ts";
import type { Handler } from "./exchange.ts";

/** Marks every answer, refusals too, as not to be kept by any cache; an event stream says so in its own way. */
export function noStore(handler: Handler): Handler {
  return async (call) => {
    let response: Response;
    try {
      response = await handler(call);
    } catch (error) {
      // The front knows what to make of a client that has left, and of a fault.
      if (!(error instanceof GatehouseError) || call.env.signal.aborted) throw error;
      response = errorResponse(error);
    }
    if (!response.headers.has("cache-control")) response.headers.set("cache-control", "no-store");
    return response;
  };
}
