import { envExample } from "./reference.ts";

if (import.meta.main) await Deno.writeTextFile(new URL("../../.env.example", import.meta.url), envExample());
