import type { ValueType } from "../types/value_type.ts";
import { ACCOUNT_VARIABLES } from "./accounts.ts";
import { DEMO_VARIABLES } from "./demo.ts";
import { MODEL_VARIABLES } from "./model.ts";
import { NETWORK_VARIABLES } from "./network.ts";
import { OAUTH_VARIABLES } from "./oauth.ts";
import { SERVER_VARIABLES } from "./server.ts";
import { STORAGE_VARIABLES } from "./storage.ts";
import type { Variable } from "./variable.ts";

export { OAUTH_VARIABLES };
export type { Variable } from "./variable.ts";

/** Every variable, once. */
export const VARIABLES = {
  ...SERVER_VARIABLES,
  ...STORAGE_VARIABLES,
  ...OAUTH_VARIABLES,
  ...MODEL_VARIABLES,
  ...NETWORK_VARIABLES,
  ...ACCOUNT_VARIABLES,
  ...DEMO_VARIABLES,
} as const;

export type VariableName = keyof typeof VARIABLES;

/** What a variable reads as: never null where there is a default. */
export type ValueOf<N extends VariableName> = (typeof VARIABLES)[N] extends infer V
  ? V extends { readonly type: ValueType<infer T> } ? (V extends { readonly default: string } ? T : T | null) : never
  : never;

/** A group of variables, as people look for them. */
export interface VariableGroup {
  readonly title: string;
  readonly variables: Readonly<Record<string, Variable<unknown>>>;
}

/** The variables in their groups, in reading order. */
export const VARIABLE_GROUPS: readonly VariableGroup[] = [
  { title: "Model", variables: MODEL_VARIABLES },
  { title: "OAuth2", variables: OAUTH_VARIABLES },
  { title: "Network", variables: NETWORK_VARIABLES },
  { title: "Server", variables: SERVER_VARIABLES },
  { title: "Storage", variables: STORAGE_VARIABLES },
  { title: "Accounts", variables: ACCOUNT_VARIABLES },
  { title: "Demo", variables: DEMO_VARIABLES },
];
