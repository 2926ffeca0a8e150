import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { ulid } from "@std/ulid";
import { type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";
import { Secret } from "../../secrets/mod.ts";
import {
  accessKey,
  assertCode,
  decode,
  encode,
  INSTALL,
  MINUTE,
  type Process,
  type Rig,
  withRig,
} from "./tokens_fixture.ts";

/** A process, a login in it, and a forger who has the server's own key. */
async function withForger(
  test: (given: {
    readonly rig: Rig;
    readonly tokens: Process;
    readonly text: string;
    readonly userId: string;
    /** Signs the claims of the login with some replaced. */
    readonly forge: (claims?: JWTPayload, header?: Partial<JWTHeaderParameters>, key?: Uint8Array) => Promise<string>;
  }) => void | Promise<void>,
): Promise<void> {
  await withRig(async (rig) => {
    const tokens = rig.start();
    const user = rig.addUser();
    const text = (await tokens.issue(user)).accessToken.reveal();
    const payload: JWTPayload = JSON.parse(decode(text.split(".")[1] ?? ""));
    const forge = (claims: JWTPayload = {}, header: Partial<JWTHeaderParameters> = {}, key = accessKey()) =>
      new SignJWT({ ...payload, ...claims }).setProtectedHeader({ alg: "HS256", typ: "at+jwt", ...header }).sign(key);
    await test({ rig, tokens, text, userId: user.id, forge });
  });
}

const refuse = (tokens: Process, text: string) => assertCode("invalid_token", () => tokens.verify(new Secret(text)));

Deno.test("issue() gives a JWT after RFC 9068", () =>
  withForger(({ rig, text, userId }) => {
    const [header, payload] = text.split(".").slice(0, 2).map((part) => JSON.parse(decode(part)));
    assertEquals(header, { alg: "HS256", typ: "at+jwt" });
    const { jti, family, ...claims } = payload;
    const iat = rig.clock.now() / 1000;
    assertEquals(claims, { iss: INSTALL.id, aud: "gatehouse", sub: userId, iat, exp: iat + 1800, generation: 0 });
    for (const id of [jti, family]) assertEquals(id.length, 26);
    assert(jti !== family);
  }));

Deno.test("verify() takes what the server's key has signed, and so what the forger below changes is why it is refused", () =>
  withForger(async ({ tokens, text, forge, userId }) => {
    const family = JSON.parse(decode(text.split(".")[1] ?? "")).family;
    for (const good of [text, await forge(), await forge({ jti: ulid() })]) {
      assertEquals(await tokens.verify(new Secret(good)), { userId, familyId: family, generation: 0 });
    }
  }));

Deno.test("verify() refuses every algorithm but HS256", () =>
  withForger(async ({ tokens, text, forge }) => {
    const [header = "", payload = "", signature = ""] = text.split(".");
    assertEquals(decode(header), '{"alg":"HS256","typ":"at+jwt"}');
    await refuse(tokens, await forge({}, { alg: "HS512" }, new Uint8Array(64).fill(1)));
    const long = new Uint8Array(64);
    long.set(accessKey()); // HMAC pads a short key with zeros: the same key to it
    await refuse(tokens, await forge({}, { alg: "HS512" }, long));
    for (const alg of ["none", "None", "nOnE", "RS256", "HS384", "HS512", "ES256", "", null, 1]) {
      const other = encode(JSON.stringify({ alg, typ: "at+jwt" }));
      for (const end of [signature, ""]) await refuse(tokens, `${other}.${payload}.${end}`);
      const key = await crypto.subtle.importKey(
        "raw",
        new Uint8Array(accessKey()),
        { name: "HMAC", hash: "SHA-256" },
        false,
        ["sign"],
      );
      const signed = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(`${other}.${payload}`));
      await refuse(
        tokens,
        `${other}.${payload}.${new Uint8Array(signed).toBase64({ alphabet: "base64url", omitPadding: true })}`,
      );
    }
  }));

Deno.test("verify() refuses other issuers, audiences, types and times, however well signed", () =>
  withForger(async ({ rig, tokens, forge }) => {
    const now = rig.clock.now() / 1000;
    const forgeries = [
      await forge({ iss: ulid() }),
      await forge({ iss: INSTALL.id.toLowerCase() }),
      await forge({ aud: "other" }),
      await forge({ aud: [] }),
      await forge({ nbf: now + 1 }),
      await forge({ family: ulid() }),
      await forge({ generation: "0" }),
      await forge({ family: 1 }),
      await forge({}, { typ: "JWT" }),
      await forge({}, { typ: "rt+jwt" }),
      ...await Promise.all(
        (["iss", "aud", "sub", "iat", "exp", "jti", "family", "generation"] as const)
          .map((claim) => forge({ [claim]: undefined })),
      ),
      await forge({}, {}, new Uint8Array(32)),
    ];
    for (const text of forgeries) {
      const message = await refuse(tokens, text);
      assert(!message.includes("expired"), message);
    }
    for (const text of [await forge({ exp: now }), await forge({ exp: now - 1 }), await forge({ exp: 0 })]) {
      assertStringIncludes(await refuse(tokens, text), "expired; refresh it at POST /token");
    }
  }));

Deno.test("verify() refuses the token of another install with the same JWT_SECRET", () =>
  withForger(async ({ rig, tokens, text }) => {
    const other = rig.start({ install: { id: ulid(), createdAt: 0 } });
    await refuse(other, text);
    await refuse(tokens, (await other.issue(rig.addUser())).accessToken.reveal());
  }));

Deno.test("verify() refuses a token of another JWT_SECRET, and of a kept key", () =>
  withForger(async ({ rig, tokens, text }) => {
    for (const secret of [null, new Secret("another secret of thirty-two bytes or more")]) {
      const other = rig.start({ secret });
      await refuse(other, text);
      await refuse(tokens, (await other.issue(rig.addUser())).accessToken.reveal());
    }
  }));

Deno.test("verify() refuses a token with any character changed, and any part cut, emptied or added", () =>
  withForger(async ({ tokens, text }) => {
    const [header = "", payload = "", signature = ""] = text.split(".");
    for (let at = 0; at < text.length; at += 7) {
      await refuse(tokens, text.slice(0, at) + (text[at] === "A" ? "B" : "A") + text.slice(at + 1));
    }
    const last = {
      A: "B",
      E: "F",
      I: "J",
      M: "N",
      Q: "R",
      U: "V",
      Y: "Z",
      c: "d",
      g: "h",
      k: "l",
      o: "p",
      s: "t",
      w: "x",
      0: "1",
      4: "5",
      8: "9",
    };
    const spareBit = Object.entries(last).find(([good]) => text.endsWith(good))?.[1];
    assert(spareBit !== undefined);
    const texts = [
      text.slice(0, -1) + spareBit,
      text.slice(0, -1),
      text.slice(1),
      `${header}.${payload}`,
      `${header}.${payload}.`,
      `${header}..${signature}`,
      `.${payload}.${signature}`,
      "..",
      "",
      `${text}.`,
      `${text}=`,
      `${text}\n`,
      ` ${text}`,
      text.toLowerCase(),
      `${header}.${payload}.${signature}.x.y`,
      `${header}.${"A".repeat(4_000)}.${signature}`,
      text.repeat(10_000),
    ];
    for (const changed of texts) await refuse(tokens, changed);
  }));

Deno.test("verify() refuses a token from its expiry on, remembered or not, and says how to go on", () =>
  withForger(async ({ rig, tokens, text }) => {
    const bearer = new Secret(text);
    await tokens.verify(bearer);
    await rig.clock.advance(30 * MINUTE - 1);
    await tokens.verify(bearer);
    await rig.clock.advance(1);
    for (const process of [tokens, rig.start()]) assertStringIncludes(await refuse(process, text), "has expired");
  }));

Deno.test("verify() answers at once, without the store, for a token it has just judged", () =>
  withForger(async ({ tokens, text }) => {
    const first = tokens.verify(new Secret(text));
    assert(first instanceof Promise);
    const claims = await first;
    const reads = tokens.store.count("get");
    assertEquals(tokens.verify(new Secret(text)), claims);
    assertEquals(tokens.store.count("get"), reads);
  }));

Deno.test("verify() passes on storage_unavailable, and works again after it", () =>
  withForger(async ({ rig, text }) => {
    const tokens = rig.start();
    tokens.store.fail({ kind: "unavailable" }, { times: 1 });
    await assertCode("storage_unavailable", () => tokens.verify(new Secret(text)));
    await tokens.verify(new Secret(text));
  }));
