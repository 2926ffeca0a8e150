import { startChild } from "../child.ts";
import { freePort } from "../wire/port.ts";
import type { Side, SideContext } from "./side.ts";

/** Starts nginx as a pass-through: one process, keep-alive to the upstream, nothing buffered, no log. */
export async function startNginx(context: SideContext): Promise<Side> {
  const port = freePort();
  const folder = await Deno.makeTempDir({ dir: context.folder, prefix: "nginx-" });
  await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(new URL(context.upstream).host, port, folder));
  const child = await startChild({
    name: "nginx",
    command: ["nginx", "-e", `${folder}/error.log`, "-p", folder, "-c", `${folder}/nginx.conf`],
    env: { PATH: `${Deno.env.get("PATH") ?? ""}:/usr/sbin:/usr/local/sbin` },
    folder,
    cores: context.cores,
    port,
  });
  return { child, url: child.url, headers: {} };
}

function configuration(upstream: string, port: number, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  return `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
${temporary}
  keepalive_requests 100000000;
  upstream mock { server ${upstream}; keepalive 2048; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://mock;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }
  }
}
`;
}
