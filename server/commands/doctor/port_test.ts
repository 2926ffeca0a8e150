import { assertEquals, assertStringIncludes } from "@std/assert";
import { examination } from "./examination_fixture.ts";
import type { Finding } from "./finding.ts";
import { checkPort } from "./port.ts";

/** What is said of a port that is in use and answers so. */
async function used(answer: () => Response | Promise<Response>): Promise<Finding | undefined> {
  const listen = () => {
    throw new Deno.errors.AddrInUse();
  };
  return (await checkPort(examination({}, answer, { listen })))[0];
}

Deno.test("checkPort() takes a free port", async () => {
  assertEquals((await checkPort(examination({})))[0]?.verdict, "ok");
});

Deno.test("checkPort() knows a Gatehouse that runs already", async () => {
  const health = { status: "ok", version: "1.2.3", uptime_s: 5, credential: { state: "valid" } };
  assertStringIncludes((await used(() => Response.json(health)))?.found ?? "", "Gatehouse 1.2.3 runs");
  assertEquals((await used(() => Response.json({ ...health, status: "down" })))?.verdict, "warn");
  const refusal = { error: { code: "credential_required" } };
  assertEquals((await used(() => Response.json(refusal, { status: 401 })))?.verdict, "ok");
});

Deno.test("checkPort() fails where another program listens", async () => {
  assertEquals((await used(() => new Response("hello")))?.verdict, "FAIL");
  assertEquals((await used(() => Promise.reject(new Error("broken"))))?.verdict, "FAIL");
});

Deno.test("checkPort() looks off loopback too, and asks a server that listens everywhere on loopback", async () => {
  const env = { HOST: "0.0.0.0", LLM_BASE_URL: "https://models.example/v1" };
  assertEquals((await checkPort(examination(env)))[0]?.verdict, "ok");
  const listen = () => {
    throw new Deno.errors.AddrInUse();
  };
  const refusal = () => Response.json({ error: { code: "credential_required" } }, { status: 401 });
  const exam = examination(env, refusal, { listen });
  assertEquals((await checkPort(exam))[0]?.verdict, "ok");
  assertEquals(exam.asked.map(({ url }) => url.href), ["http://127.0.0.1:8000/health"]);
});
