import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { createEncoder } from "../../src/message/encoder.ts";
import { decodeCef } from "../support/cef-decoder.ts";
import { requireProgram } from "../support/requires.ts";
import { activity, fixtures, OPTIONS, threat } from "../unit/message/events.ts";

/** liblognorm's CEF parser, a strict one that we did not write. Debian: `liblognorm-utils`. */

interface Normalized {
  readonly f?: {
    readonly DeviceVendor: string;
    readonly DeviceProduct: string;
    readonly DeviceVersion: string;
    readonly SignatureID: string;
    readonly Name: string;
    readonly Severity: string;
    readonly Extensions: Readonly<Record<string, string>>;
  };
}

const HOSTILE = "a\n|CEF:0|Fake|x|1|1|x|10|msg=forged\r\t\u0000\u001b[31m \ud800 \\=\\ 🦀 notificationScope=SITE \\";

describe.skipIf(requireProgram("lognormalizer").missing)("lognormalizer", () => {
  let directory = "";
  let rules = "";

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "s1bridge-lognorm-"));
    rules = join(directory, "cef.rb");
    writeFileSync(rules, "version=2\nrule=:%f:cef%\n");
  });

  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  function normalize(messages: readonly string[]): readonly Normalized[] {
    // liblognorm 2.0.6 swallows the first character behind the header: it gets a space to swallow.
    const input = messages.map((message) => `${message.replace(/^(?:(?:[^|\\]|\\.)*\|){7}/, "$& ")}\n`).join("");
    const { stdout, status } = spawnSync("lognormalizer", ["-r", rules, "-e", "json"], { input, encoding: "utf8" });
    expect(status).toBe(0);
    return stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Normalized);
  }

  /** What our own decoder reads, in the words of liblognorm. */
  function decode(message: string): Normalized {
    const { deviceVendor, deviceProduct, deviceVersion, classId, name, severity, extension } = decodeCef(message);
    return {
      f: {
        DeviceVendor: deviceVendor,
        DeviceProduct: deviceProduct,
        DeviceVersion: deviceVersion,
        SignatureID: classId,
        Name: name,
        Severity: String(severity),
        Extensions: Object.fromEntries(extension),
      },
    };
  }

  const { encode } = createEncoder({ ...OPTIONS, header: "none" });

  test("reads every message of ours as our own decoder does", () => {
    const messages = [
      ...fixtures("activities").map((record) => encode(activity(record))),
      ...fixtures("threats").map((record) => encode(threat(record))),
    ];
    expect(normalize(messages)).toStrictEqual(messages.map(decode));
  });

  test("reads native times", () => {
    const native = createEncoder({ ...OPTIONS, header: "none", rt: "native" });
    const messages = fixtures("activities").map((record) => native.encode(activity(record)));
    expect(normalize(messages)).toStrictEqual(messages.map(decode));
  });

  test("reads records that were made to break it, one message each", () => {
    const fields = {
      primaryDescription: HOSTILE,
      secondaryDescription: HOSTILE,
      siteName: HOSTILE,
      accountName: HOSTILE,
    };
    const data = {
      username: HOSTILE,
      byUser: HOSTILE,
      computerName: HOSTILE,
      role: HOSTILE,
      osName: HOSTILE,
      novel: { [HOSTILE]: HOSTILE },
    };
    const messages = [19, 27, 25, 37, 98_765].map((activityType) =>
      encode(activity({ ...fields, activityType, agentId: "1", data })),
    );
    expect(normalize(messages)).toStrictEqual(messages.map(decode));
  });

  test("reads messages that were shortened", () => {
    const long = HOSTILE.repeat(200);
    const small = createEncoder({ ...OPTIONS, header: "none", maxMessageBytes: 2500 });
    const messages = [
      small.encode(
        activity({ activityType: 19, primaryDescription: long, comments: long, data: { username: long, novel: long } }),
      ),
      small.encode(
        threat({ id: "1", threatInfo: { threatName: long, filePath: long, maliciousProcessArguments: long } }),
      ),
    ];
    expect(messages.join()).toContain("S1truncated=");
    expect(normalize(messages)).toStrictEqual(messages.map(decode));
  });
});
