import { z } from "zod";
import { Secret } from "../../secrets/mod.ts";

const secret = z.string().transform((text) => new Secret(text));
const count = z.int().min(1).nullable();
const limits = {
  models: z.array(z.string().min(1).max(200)).max(100).nullable().exactOptional(),
  rpm: count.exactOptional(),
  tpm: count.exactOptional(),
  budget: z.strictObject({ amount_micros: z.int().min(0), period: z.enum(["day", "month"]) })
    .transform(({ amount_micros, period }) => ({ amountMicros: amount_micros, period }))
    .nullable().exactOptional(),
};
const time = z.iso.datetime({ offset: true, error: "expected a time such as 2030-01-31T00:00:00Z" })
  .transform((text) => Date.parse(text)).nullable();

/** A body in which nothing is to be said. */
export const nothing = z.strictObject({});

/** `POST /users`. */
export const newUser = z.strictObject({
  username: z.string(),
  email: z.string().nullable().exactOptional(),
  password: secret,
});

/** `PATCH /users/{id}`. */
export const userChange = z.strictObject({
  role: z.enum(["admin", "user"]).exactOptional(),
  disabled: z.boolean().exactOptional(),
  ...limits,
});

/** `POST /users/me/password`. */
export const passwordChange = z.strictObject({ current_password: secret, new_password: secret });

/** `POST /keys`. */
export const newKey = z.strictObject({ name: z.string(), expires_at: time.exactOptional(), ...limits });

/** `PATCH /keys/{id}`. */
export const keyChange = z.strictObject({
  name: z.string().exactOptional(),
  disabled: z.boolean().exactOptional(),
  expires_at: time.exactOptional(),
  ...limits,
});
