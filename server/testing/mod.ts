/**
 * For tests of the server's HTTP surface: a server in a folder of its own, a mock upstream, a mock token endpoint and raw
 * sockets.
 * @module
 */
export * from "./expect.ts";
export * from "./gate.ts";
export * from "./mock_upstream.ts";
export * from "./mock_provider.ts";
export * from "./raw.ts";
