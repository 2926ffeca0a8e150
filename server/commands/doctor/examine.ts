import { hostPort } from "../../network/mod.ts";
import type { UpstreamSettings } from "../../settings/mod.ts";
import { openStore, type Store } from "../../storage/mod.ts";
import { silentLogger } from "../../telemetry/mod.ts";
import { checkAccounts } from "./accounts.ts";
import { checkClock, watchDates } from "./clock.ts";
import { checkConnect } from "./connect.ts";
import { checkCredential, type CredentialState } from "./credential.ts";
import { checkDiscovery } from "./discovery.ts";
import { checkDns } from "./dns.ts";
import type { Examination } from "./effects.ts";
import { fail, type Finding, skip } from "./finding.ts";
import { checkFolders } from "./folders.ts";
import { farSides, originsOf } from "./hosts.ts";
import { checkModelList } from "./model_list.ts";
import { checkPort } from "./port.ts";
import { checkPrices } from "./prices.ts";
import { checkProxies } from "./proxy.ts";
import { checkStore } from "./store.ts";
import { guarded, LIMIT, limited, reasonOf } from "./time_limit.ts";
import { checkTokenEndpoint } from "./token_endpoint.ts";

type Findings = readonly Finding[];

/**
 * Holds the settings against reality, what is independent side by side. Redeems nothing and sends no secret but the
 * credential itself to the model's own list.
 *
 * @returns the findings, group by group, in the order in which a person should mend them; never throws
 */
export async function* examine(outer: Examination): AsyncGenerator<Findings, void> {
  const http = watchDates(outer.effects.http, outer.effects.clock);
  const exam: Examination = { ...outer, effects: { ...outer.effects, http } };
  const port = guarded(exam, "port", () => checkPort({ ...exam, effects: outer.effects }));
  const folders = await guarded(exam, "folders", () => checkFolders(exam.settings.storage));
  yield folders;
  const { store, findings } = await openedStore(exam);
  try {
    yield findings;
    if (store !== null) yield await guarded(exam, "accounts", () => checkAccounts(exam, store));
    const [upstream] = exam.settings.upstreams;
    if (exam.settings.demo || upstream === undefined) {
      yield [skip("network", "the demo speaks to this machine only")];
    } else {
      const far = await checkFarSides(exam, upstream, store);
      yield checkClock(http.skews());
      yield far;
    }
    yield checkPrices(exam.settings);
    yield await port;
  } finally {
    store?.close();
  }
}

async function openedStore(exam: Examination): Promise<{ readonly store: Store | null; readonly findings: Findings }> {
  const { settings, effects: { clock } } = exam;
  try {
    const opening = () => openStore({ settings: settings.storage, clock, log: silentLogger });
    const store = await limited(exam, LIMIT, opening);
    return { store, findings: await guarded(exam, "store", () => checkStore(exam, store)) };
  } catch (error) {
    return { store: null, findings: [fail("store", reasonOf(exam, error))] };
  }
}

async function checkFarSides(exam: Examination, upstream: UpstreamSettings, store: Store | null): Promise<Findings> {
  const names = checkDns(exam);
  const proxies = checkProxies(exam);
  const credential = credentialState(exam, upstream, store);
  const { findings: dns, unknown } = await names;
  const origins = originsOf(farSides(exam.settings)).filter(({ hostname }) => !unknown.has(hostname));
  const connects = new Map(origins.map((origin) => [origin.origin, checkConnect(exam, origin)]));

  /** Leaves out what cannot succeed: the reason was told already. */
  const behind = (what: string, url: URL, check: () => Promise<Findings>) =>
    guarded(exam, what, async () => {
      const dead = unknown.has(url.hostname) || (await connects.get(url.origin))?.verdict === "FAIL";
      return dead ? [skip(what, `${hostPort(url)} cannot be reached`)] : await check();
    });

  const provider = checkProvider(exam, upstream, behind);
  const { modelsUrl, chatUrl } = upstream;
  const models = behind(
    "model list",
    modelsUrl ?? chatUrl,
    async () => await checkModelList(exam, upstream, await credential),
  );
  return [
    ...dns,
    ...await proxies,
    ...await Promise.all(connects.values()),
    ...await provider,
    ...(await credential).findings,
    ...await models,
  ];
}

type Behind = (what: string, url: URL, check: () => Promise<Findings>) => Promise<Findings>;

async function checkProvider(exam: Examination, { credential }: UpstreamSettings, behind: Behind): Promise<Findings> {
  if (credential.kind !== "oauth2") return [];
  const { issuer } = credential;
  let discovered: URL | null = null;
  const discovery = issuer === null ? [] : await behind("discovery", issuer, async () => {
    const { findings, tokenUrl } = await checkDiscovery(exam, issuer);
    discovered = tokenUrl;
    return findings;
  });
  const url = credential.tokenUrl ?? discovered;
  const what = "token endpoint";
  const token = url === null
    ? [skip(what, "it is not known without the issuer's metadata")]
    : await behind(what, url, () => checkTokenEndpoint(exam, url));
  return [...discovery, ...token];
}

async function credentialState(
  exam: Examination,
  upstream: UpstreamSettings,
  store: Store | null,
): Promise<CredentialState> {
  if (store === null) return { findings: [skip("credential", "the store cannot be opened")], header: null };
  try {
    return await checkCredential(exam, upstream, store);
  } catch (error) {
    return { findings: [fail("credential", reasonOf(exam, error))], header: null };
  }
}
