import { expect, test } from "vitest";
import { viewMessage } from "../../../src/cli/message-view.ts";
import { paint } from "../../../src/cli/terminal.ts";
import { createEncoder } from "../../../src/message/encoder.ts";
import { activity, fixtures, OPTIONS } from "../message/events.ts";

const EVENT = activity(fixtures("activities")[1] ?? {});

test.each(["cef", "cef2", "rfc5424", "json", "leef"] as const)("%s without colour is the message itself", (format) => {
  const encoder = createEncoder({ ...OPTIONS, format, header: "rfc5424" });
  expect(viewMessage(encoder, EVENT, paint(false))).toBe(encoder.encode(EVENT));
});

test.each(["cef", "cef2", "rfc5424", "json", "leef"] as const)(
  "%s in colour is the message with colour in it",
  (format) => {
    const encoder = createEncoder({ ...OPTIONS, format, header: "rfc5424" });
    const shown = viewMessage(encoder, EVENT, paint(true));
    expect(shown.startsWith("\u001B[2m<163>1 ")).toBe(true);
    expect(shown).toMatch(/\u001B\[36m"?S1eventKey"?[=:]"?\u001B\[39m/);
    expect(shown.replaceAll(/\u001B\[\d+m/g, "")).toBe(encoder.encode(EVENT));
  },
);

test("a key in a value does not stand out", () => {
  const encoder = createEncoder(OPTIONS);
  const shown = viewMessage(encoder, activity({ primaryDescription: "a suser=Eve | b=c" }), paint(true));
  expect(shown).toContain("a suser\\=Eve | b\\=c");
});
