/**
 * Settings: the environment and `.env` as one typed, checked value. Every variable is declared once, in `variables/`.
 * @module
 */
export * from "./settings.ts";
export { type LoadedSettings, loadSettings } from "./load_settings.ts";
export { type ProcessEnvironment, type SettingsSource, takeProxyVariables } from "./source.ts";
export { type Fault, formatFault } from "./fault.ts";
export { isLoopbackHost } from "./loopback.ts";
export { envExample, settingsHelp, settingsTable } from "./reference.ts";
export { describeSettings } from "./describe_settings.ts";
