import type { Store } from "../../storage/mod.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, ok } from "./finding.ts";
import { LIMIT, limited } from "./time_limit.ts";

/** Whether the store takes, gives back and forgets a value. */
export async function checkStore(exam: Examination, store: Store): Promise<readonly Finding[]> {
  const { clock } = exam.effects;
  const { dataDir, kvUrl } = exam.settings.storage;
  const where = kvUrl === null ? `${dataDir}/gatehouse.db` : kvUrl.host;
  const key: Deno.KvKey = ["doctor", crypto.randomUUID()];
  const begun = clock.monotonic();
  const came = await limited(exam, LIMIT, async () => {
    await store.commit({ puts: [{ key, value: "probe" }] });
    const entry = await store.get(key);
    await store.commit({ deletes: [key] });
    return entry?.value === "probe" && await store.get(key) === null;
  });
  if (!came) {
    return [fail("store", `${where} does not give back what it was given`, "Check the disk or the remote store.")];
  }
  const took = Math.round(clock.monotonic() - begun);
  return [ok("store", `a probe was written, read and deleted in ${took} ms (${where})`)];
}
