/** The longest file name, in characters, without its ending. */
const MAX_NAME = 80;

/**
 * `Content-Disposition` that saves under a name (RFC 6266): letters as they are where the client knows `filename*`
 * (RFC 8187), ASCII for all others. What a file system or a header could take for more than a name is left out.
 *
 * @param name what the file is called after
 * @param ending without its dot
 */
export function disposition(name: string, ending: string): string {
  const cleaned = name.normalize().replace(/[\p{C}/\\:*?"<>|]+/gu, " ").replace(/\s+/g, " ");
  const short = [...cleaned].slice(0, MAX_NAME).join("").replace(/^[ .]+|[ .]+$/g, "");
  const file = `${short === "" ? "conversation" : short}.${ending}`;
  // A percent sign is read as an escape by some.
  const ascii = file.replace(/[^ -~]|%/gu, "_");
  const plain = `attachment; filename="${ascii}"`;
  return ascii === file ? plain : `${plain}; filename*=UTF-8''${encodeURIComponent(file).replace(/['()*]/g, percent)}`;
}

function percent(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}
