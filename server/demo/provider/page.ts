import { html } from "hono/html";

/** HTML that is already escaped. */
export type Html = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #f4f5f7; --card: #fff; --edge: #d0d7de;
  --accent: #0b5cad; --on-accent: #fff; --fault: #a40e26; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9ea7b3; --paper: #0f1318; --card: #171c23;
  --edge: #303842; --accent: #79b8ff; --on-accent: #0f1318; --fault: #ff9aa5; } }
@media (prefers-contrast: more) { :root { --soft: var(--ink); --edge: var(--ink); } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper);
  color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: 100%; max-width: 27rem; background: var(--card); border: 1px solid var(--edge); border-radius: 12px;
  padding: 2rem; }
.brand { margin: 0 0 1rem; color: var(--soft); font-size: .875rem; }
h1 { margin: 0 0 .75rem; font-size: 1.375rem; line-height: 1.25; }
.code { font: 600 1.75rem/1.2 ui-monospace, monospace; letter-spacing: .08em; margin: 1rem 0; }
.fault { color: var(--fault); font-weight: 600; }
.note { color: var(--soft); font-size: .875rem; }
label { display: block; font-weight: 600; margin-bottom: .25rem; }
input[type=text] { width: 100%; padding: .6rem .75rem; font: 1.25rem ui-monospace, monospace; letter-spacing: .08em;
  text-transform: uppercase; color: inherit; background: var(--paper); border: 1px solid var(--soft); border-radius: 8px; }
.actions { display: flex; gap: .75rem; margin-top: 1.25rem; }
button { flex: 1; min-height: 2.75rem; padding: .5rem 1rem; font: inherit; font-weight: 600; color: var(--ink);
  background: transparent; border: 1px solid var(--soft); border-radius: 8px; cursor: pointer; }
button.main { color: var(--on-accent); background: var(--accent); border-color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
`;

/** A page in the provider's frame. `formTarget` is one more origin that its form may end at. */
export async function page(title: string, body: Html, options: PageOptions = {}): Promise<Response> {
  const text = await html`
    <!DOCTYPE html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title} · Gatehouse demo</title>
        <link rel="stylesheet" href="/style.css">
      </head>
      <body>
        <main>
          <p class="brand">Gatehouse demo identity provider</p>
          <h1>${title}</h1>
          ${body}
        </main>
      </body>
    </html>
  `;
  const formAction = ["'self'", ...(options.formTarget ? [options.formTarget] : [])].join(" ");
  return new Response(String(text), {
    status: options.status ?? 200,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy":
        `default-src 'none'; style-src 'self'; form-action ${formAction}; base-uri 'none'; frame-ancestors 'none'`,
      "cache-control": "no-store",
      "referrer-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
    },
  });
}

/** What a page may differ in. */
export interface PageOptions {
  /** @default 200 */
  readonly status?: number;
  readonly formTarget?: string;
}

/** A page that says one thing. */
export function notice(title: string, text: string, status = 200): Promise<Response> {
  return page(
    title,
    html`
      <p role="status">${text}</p>
    `,
    { status },
  );
}

/** The one style sheet. */
export function styleSheet(): Response {
  return new Response(STYLE, { headers: { "content-type": "text/css; charset=utf-8" } });
}

/** The two buttons of every decision, and the token that proves that they were shown. */
export function decision(action: string, formToken: string): Html {
  return html`
    <form method="post" action="${action}">
      <input type="hidden" name="form_token" value="${formToken}">
      <div class="actions">
        <button class="main" name="decision" value="allow">Allow</button>
        <button name="decision" value="deny">Deny</button>
      </div>
    </form>
  `;
}
