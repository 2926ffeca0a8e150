import { hostPort, NetworkError } from "../../network/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok, warn } from "./finding.ts";
import { LIMIT, limited, reasonOf, SILENCE } from "./time_limit.ts";

/** Whether one origin can be reached, over the ways out that the server itself would try, TLS included. */
export async function checkConnect(exam: Examination, origin: URL): Promise<Finding> {
  const where = hostPort(origin);
  try {
    // Any answer to this says that the way is open; it carries nothing that could matter to anybody.
    const response = await limited(
      exam,
      LIMIT,
      (signal) => exam.effects.http.fetch({ url: origin, method: "HEAD", signal, silence: SILENCE }),
    );
    await response.body?.cancel();
    if (response.status === 407) {
      return fail(
        "connect",
        `${where}: the proxy asks for a login (407)`,
        "Put user and password into HTTP_PROXY_URL.",
      );
    }
    return ok("connect", `${where} answers${origin.protocol === "https:" ? ", and its certificate is trusted" : ""}`);
  } catch (error) {
    if (error instanceof NetworkError && error.sent) {
      return warn("connect", `${where} takes connections. ${error.message}`);
    }
    return fail("connect", reasonOf(exam, error));
  }
}
