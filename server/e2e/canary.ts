/** Makes marked secrets and finds them again: in clear, in parts, and in base64 (HTTP's Basic credentials). */
export class Canaries {
  readonly #marks: (readonly [kind: string, mark: string])[] = [];

  /** @param kind names the secret in a finding; several may share one */
  make(kind: string): string {
    const mark = [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join(
      "",
    );
    this.watch(kind, mark);
    return `canary-${mark}`;
  }

  /** Looks for a secret that others made as well. @param mark what of it nobody may see */
  watch(kind: string, mark: string): void {
    this.#marks.push([kind, mark]);
  }

  /** The kinds of the secrets that are in a text, in whatever form. */
  findIn(text: string): string[] {
    const found = this.#marks.filter(([, mark]) => forms(mark).some((form) => text.includes(form)));
    return [...new Set(found.map(([kind]) => kind))];
  }

  /** The same for every file under a folder, by its bytes: `kind in file`. */
  async findUnder(folder: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) found.push(...await this.findUnder(path));
      if (!isFile) continue;
      const text = new TextDecoder("latin1").decode(await Deno.readFile(path));
      found.push(...this.findIn(text).map((kind) => `${kind} in ${name}`));
    }
    return found;
  }
}

/** Half of a mark is enough to be sure, so a secret that was shortened is found as well. */
function forms(mark: string): string[] {
  const half = mark.length / 2;
  return [mark.slice(0, half), mark.slice(half), ...[0, 1, 2].map((offset) => base64Core(mark, offset))];
}

/** What base64 makes of a text that stands `offset` bytes after a group's start, without the ends that depend on its neighbours. */
function base64Core(text: string, offset: number): string {
  return btoa(" ".repeat(offset) + text).slice(4, -4);
}
