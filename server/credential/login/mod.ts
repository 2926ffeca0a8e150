/**
 * How a person gives the server its credential: device code, browser, and the way back.
 * @module
 */
export { type BrowserLogin, startBrowserLogin } from "./browser_login.ts";
export { type DeviceLogin, type DevicePrompt, startDeviceLogin } from "./device_login.ts";
export { type LoginContext, LoginError, openLogin } from "./login.ts";
export { type Logout, logout } from "./logout.ts";
export type { RemoteLoginState } from "./login_records.ts";
export { createRemoteLogins, type RemoteLogin, type RemoteLoginOptions, type RemoteLogins } from "./remote_login.ts";
