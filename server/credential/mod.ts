/**
 * The upstream's credential and its whole life: store, refresher, login flows, health.
 * @module
 */
export * from "./credential.ts";
export { type CredentialOptions, openCredential } from "./open_credential.ts";
export type { RefreshStep } from "./refresh.ts";
export type { RefreshResult } from "./refresher_options.ts";
export * from "./login/mod.ts";
export { type Along, type CredentialStore, openCredentialStore, type Stored } from "./credential_store.ts";
export type { CredentialRecord, Intent, Reauth } from "./record.ts";
