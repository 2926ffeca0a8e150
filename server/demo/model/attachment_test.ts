import { assertEquals, assertThrows } from "@std/assert";
import { describeAttachments, pixels } from "./attachment.ts";
import { OpenAIError } from "./openai_error.ts";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const image = (url: unknown) => ({ role: "user" as const, content: [{ type: "image_url", image_url: { url } }] });

Deno.test("describeAttachments() tells type, extent and size of an image", () => {
  assertEquals(describeAttachments(image(`data:image/png;base64,${PNG}`)), [
    "an image (image/png, 1 × 1 pixels, 70 bytes)",
  ]);
  assertEquals(describeAttachments(image("https://example.com/a.png")), [
    "an image by its address, which the demo does not fetch",
  ]);
});

Deno.test("describeAttachments() refuses images that are none", () => {
  for (const url of ["data:text/plain;base64,aGk=", "ftp://x/a.png", "data:image/png;base64,", undefined]) {
    assertEquals(assertThrows(() => describeAttachments(image(url)), OpenAIError).code, "invalid_image_url");
  }
});

Deno.test("describeAttachments() names other parts and leaves text out", () => {
  const content = [{ type: "text", text: "hi" }, { type: "input_audio" }];
  assertEquals(describeAttachments({ role: "user", content }), [
    "a part of type `input_audio`, which the demo takes no notice of",
  ]);
});

Deno.test("pixels() reads GIF and JPEG, and knows when it does not know", () => {
  const gif = Uint8Array.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 0x40, 0x01, 0xf0, 0x00]);
  assertEquals(pixels(gif), { width: 320, height: 240 });
  const jpeg = [0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, 0, 240, 1, 64, 1, 1, 17, 0];
  assertEquals(pixels(Uint8Array.from(jpeg)), { width: 320, height: 240 });
  assertEquals(pixels(Uint8Array.from([0xff, 0xd8, 0xff])), null);
  assertEquals(pixels(new Uint8Array(40)), null);
});
