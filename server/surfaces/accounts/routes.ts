import { admin, anyone, keyOrLogin, login, registrant, type Routes } from "../../http/mod.ts";
import { beginLogin, cancelLogin, showLogin } from "./credential_login.ts";
import { changeKey, createKey, listKeys, revokeKey, revokeShownKey, showKey } from "./keys.ts";
import { changePassword, showMe } from "./me.ts";
import { allNoStore } from "./no_store.ts";
import { ACCOUNT_BODY, type AccountOptions } from "./options.ts";
import { revokeToken } from "./revoke.ts";
import { giveToken } from "./token.ts";
import { changeUser, createUser, listUsers, removeUser, showUser } from "./users.ts";

/** The routes of accounts, each with who may ask it. */
export function accountRoutes(all: AccountOptions): Routes {
  const options = { ...all, maxBodyBytes: Math.min(all.maxBodyBytes, ACCOUNT_BODY) };
  return {
    surface: "accounts",
    paths: allNoStore({
      "/token": { POST: anyone(giveToken(options)) },
      "/revoke": { POST: anyone(revokeToken(options)) },
      "/users": { POST: registrant(options.registration, createUser(options)), GET: admin(listUsers(options)) },
      "/users/me": { GET: keyOrLogin(showMe(options)) },
      "/users/me/password": { POST: login(changePassword(options)) },
      "/users/:id": {
        GET: admin(showUser(options)),
        PATCH: admin(changeUser(options)),
        DELETE: admin(removeUser(options)),
      },
      "/keys": { POST: login(createKey(options)), GET: login(listKeys(options)) },
      "/keys/current": { DELETE: keyOrLogin(revokeShownKey(options)) },
      "/keys/:id": {
        GET: login(showKey(options)),
        PATCH: login(changeKey(options)),
        DELETE: login(revokeKey(options)),
      },
      "/credential/login": { POST: admin(beginLogin(options)) },
      "/credential/login/:id": { GET: admin(showLogin(options)), DELETE: admin(cancelLogin(options)) },
    }),
  };
}
