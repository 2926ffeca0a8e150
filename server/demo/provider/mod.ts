/**
 * The demo identity provider: a small OAuth 2.0 authorization server (RFC 6749, 7009, 7636, 8252, 8414, 8628, 9207).
 * @module
 */
export { DEMO_CLIENT, DEMO_SCOPE } from "./client.ts";
export { issuerOf } from "./metadata.ts";
export { createProvider, type ProviderOptions } from "./provider.ts";
export { type TokenPair, TokenStore } from "./token_store.ts";
