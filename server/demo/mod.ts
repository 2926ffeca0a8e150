/**
 * The demo: a built-in identity provider and a built-in model, both on loopback ports of their own, so that Gatehouse
 * works before anything is configured and walks its real path while it does.
 * @module
 */
export { type Demo, type DemoOptions, type DemoPorts, startDemo } from "./demo.ts";
export type { Random } from "./random.ts";
