import { expect, test } from "vitest";
import { ConfigError } from "../../../src/config/load.ts";
import { parse } from "./fixture.ts";

function faults(telemetry: string): readonly string[] {
  try {
    parse({ tail: `telemetry: ${telemetry}` });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.faults.map(({ path, message }) => `${path}: ${message}`);
  }
}

const FILES = "cert_file: /c.pem, key_file: /k.pem";

test.each([
  "{ listen: 127.0.0.1:9614 }",
  "{ listen: localhost:9614 }",
  '{ listen: "[::1]:9614" }',
  "{ listen: 127.9.9.9:9614 }",
  "{ listen: 0.0.0.0:9614, token: { env: T } }",
  `{ listen: 10.0.0.1:9614, tls: { ${FILES}, client_ca_file: /ca.pem } }`,
])("%s may be", (telemetry) => {
  expect(faults(telemetry)).toEqual([]);
});

test.each(["{ listen: 0.0.0.0:9614 }", '{ listen: "[::]:9614" }', `{ listen: 10.0.0.1:9614, tls: { ${FILES} } }`])(
  "%s would tell everybody",
  (telemetry) => {
    expect(faults(telemetry)).toEqual([
      expect.stringMatching(/^telemetry\.listen: .* set token or tls\.client_ca_file/),
    ]);
  },
);

test("TLS needs its key", () => {
  expect(faults("{ tls: { cert_file: /c.pem } }")).toEqual([
    expect.stringMatching(/^telemetry\.tls\.key_file: missing/),
  ]);
});
