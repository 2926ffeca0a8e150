/** Whether a request says anything; one without a body means `{}` where every field may be left out. */
export function hasBody({ body, headers }: Request): boolean {
  return body !== null && headers.get("content-length") !== "0";
}
