import { html } from "hono/html";
import type { Logger } from "../../telemetry/mod.ts";
import { dashed, type DeviceCodes, type DeviceRequest } from "./device_codes.ts";
import type { FormTokens } from "./form_tokens.ts";
import { decision, notice, page } from "./page.ts";
import { readForm } from "./parameters.ts";

/** What the page decides with. */
export interface DevicePage {
  readonly devices: DeviceCodes;
  readonly forms: FormTokens<DeviceRequest>;
  readonly log: Logger;
}

/** `GET /device`: asks for the code, or shows what is asked once the code is known (RFC 8628 §3.3). */
export function showDevice(at: DevicePage, userCode: string | null): Promise<Response> {
  if (userCode === null || userCode === "") return askForCode();
  const found = at.devices.find(userCode);
  if (found === null) return askForCode("That code is not waiting. Check it, or ask your program for a new one.");
  return page(
    "Is this your code?",
    html`
      <p class="code">${dashed(found.userCode)}</p>
      <p>
        <strong>${found
          .clientId}</strong> asks to use the demo model as you. Allow it only if your own terminal or editor shows
        this very code.
      </p>
      ${decision("/device", at.forms.issue(found))}
      <p class="note">This is a demonstration: there is no account behind it and no password to type.</p>
    `,
  );
}

/** `POST /device`: the person has decided. */
export async function decideDevice(at: DevicePage, request: Request): Promise<Response> {
  const form = await readForm(request);
  const found = at.forms.take(form.get("form_token") ?? "");
  const waiting = found !== null && at.devices.find(found.userCode) === found;
  if (!waiting) return notice("This form is out of date", "Open the link again and decide there.", 400);
  const allowed = form.get("decision") === "allow";
  found.state = allowed ? "approved" : "denied";
  at.log.info("Demo device sign-in decided", { decision: found.state });
  return allowed
    ? notice("You are signed in", "Go back to your program. You may close this page.")
    : notice("Denied", "Nothing was given away. You may close this page.");
}

function askForCode(fault?: string): Promise<Response> {
  const message = fault === undefined ? "" : html`
    <p class="fault" id="fault" role="alert">${fault}</p>
  `;
  return page(
    "Sign in a program",
    html`
      <form method="get" action="/device">
        ${message}
        <label for="user_code">Code shown by your program</label>
        <input
          type="text"
          id="user_code"
          name="user_code"
          required
          autofocus
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          maxlength="16"
          placeholder="XXXX-XXXX"
          ${fault === undefined ? "" : html`
            aria-describedby="fault"
          `}
        >
        <div class="actions"><button class="main">Continue</button></div>
      </form>
    `,
    { status: fault === undefined ? 200 : 400 },
  );
}
