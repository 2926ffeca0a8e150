import type { AccountSettings } from "../settings.ts";
import type { Values } from "../values.ts";

/** Users and their tokens. */
export function accountSettings(values: Values): AccountSettings {
  if (values.isSet("ADMIN_PASSWORD")) values.require("ADMIN_USERNAME", "a name, because ADMIN_PASSWORD is set");
  if (values.isSet("ADMIN_USERNAME")) values.require("ADMIN_PASSWORD", "a password, because ADMIN_USERNAME is set");
  return {
    jwtSecret: values.get("JWT_SECRET") ?? values.get("SECRET_KEY"),
    accessTokenExpire: values.get("ACCESS_TOKEN_EXPIRE_MINUTES"),
    adminUsername: values.get("ADMIN_USERNAME"),
    adminPassword: values.get("ADMIN_PASSWORD"),
  };
}
