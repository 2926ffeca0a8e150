import { GatehouseError } from "../errors/mod.ts";
import type { UpstreamSettings } from "../settings/mod.ts";
import type { Models } from "./model_list.ts";

/** What a model is chosen by. */
export interface ModelChoice {
  /** Whose default counts. */
  readonly upstream: { readonly settings: Pick<UpstreamSettings, "defaultModel"> };
  /** Tell whether the upstream has it. */
  readonly models: Pick<Models, "lacks">;
}

/**
 * The name of the model that goes upstream: the one that is asked for, else the upstream's default. The default is taken
 * at its word; any other name must not be known to be missing.
 *
 * @param asked null: the request names none
 * @param listPath where clients find the models, for the messages (`/v1/models`)
 * @throws {GatehouseError} `model_required`, `model_not_found`
 * @throws the signal's reason
 */
export async function chooseModel(
  asked: string | null,
  { upstream, models }: ModelChoice,
  listPath: string,
  signal: AbortSignal,
): Promise<string> {
  const { defaultModel } = upstream.settings;
  const model = asked ?? defaultModel;
  if (model === null) {
    throw new GatehouseError(
      "model_required",
      `Cannot choose a model: the request names none and LLM_MODEL_NAME is not set; name one of GET ${listPath}`,
      { param: "model" },
    );
  }
  if (model !== defaultModel && await models.lacks(model, signal)) {
    const name = JSON.stringify(model.slice(0, 200));
    throw new GatehouseError(
      "model_not_found",
      `Cannot use the model ${name}: the upstream does not have it; choose one from GET ${listPath}`,
      { param: "model" },
    );
  }
  return model;
}
