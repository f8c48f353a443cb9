import { describe, expect, test } from "vitest";

import type { JsonRecord } from "../../../src/event/event.ts";
import { createEncoder, MIN_MESSAGE_BYTES } from "../../../src/message/encoder.ts";
import { cefPart, decodeCef } from "../../support/cef-decoder.ts";
import type { DecodedCef } from "../../support/cef-decoder.ts";
import { activity, fixtures, OPTIONS, threat } from "./events.ts";

function decoded(record: JsonRecord, overrides: Partial<typeof OPTIONS> = {}): DecodedCef {
  return decodeCef(cefPart(createEncoder({ ...OPTIONS, ...overrides }).encode(activity(record))));
}

function decodedThreat(record: JsonRecord): DecodedCef {
  return decodeCef(cefPart(createEncoder(OPTIONS).encode(threat(record))));
}

function value(record: JsonRecord, key: string): string | undefined {
  return decoded(record).extension.get(key);
}

describe("golden messages", () => {
  test("activities, RFC 3164, epoch", async () => {
    const { encode } = createEncoder(OPTIONS);
    const lines = fixtures("activities").map((record) => encode(activity(record)));
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/activities.txt");
  });

  test("threats, RFC 3164, epoch", async () => {
    const { encode } = createEncoder(OPTIONS);
    const lines = fixtures("threats").flatMap((record) => [
      encode(threat(record)),
      encode(threat(record, { change: "updated" })),
    ]);
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/threats.txt");
  });

  test("both, RFC 5424, native times, no unmapped data", async () => {
    const { encode } = createEncoder({ ...OPTIONS, header: "rfc5424", rt: "native", unmappedData: false });
    const lines = [
      ...fixtures("activities").map((record) => encode(activity(record))),
      ...fixtures("threats").map((record) => encode(threat(record))),
    ];
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot("golden/rfc5424-native.txt");
  });
});

describe("the actor and the target", () => {
  test("with byUser, the one did it and the other was it done to", () => {
    const { extension, name } = decoded({ activityType: 25, data: { byUser: "Ada", username: "Bob" } });
    expect([extension.get("suser"), extension.get("duser")]).toStrictEqual(["Ada", "Bob"]);
    expect(name).toBe("Administrative information - User 'Bob' Deleted");
  });

  test.each(["username", "userName", "user_name"])("data.%s alone did it", (field) => {
    const { extension } = decoded({ activityType: 24, data: { [field]: "Ada" } });
    expect([extension.get("suser"), extension.get("duser")]).toStrictEqual(["Ada", undefined]);
  });

  test("a name goes without what is not known", () => {
    expect(decoded({ activityType: 37, data: { role: "Viewer", username: "Ada" } }).name).toBe("User role assigned");
    expect(decoded({ activityType: 37, data: { role: "Viewer", byUser: "Ada", username: "Bob|x" } }).name).toBe(
      'Ada assigned role "Viewer" to user Bob|x',
    );
  });
});

describe("the header's version", () => {
  test.each([
    ["the endpoint's system", { agentId: "1", osFamily: "macos" }, "macOS"],
    [
      "the endpoint's system by name",
      { agentId: "1", osFamily: "windows", data: { osName: "Windows 11 Pro" } },
      "Windows 11 Pro",
    ],
    ["the console's build where no endpoint is meant", { osFamily: "windows" }, "S-25.1.3#77"],
    [
      "cut to 31 characters",
      { agentId: "1", data: { osName: "Windows Server 2022 Datacenter Azure Edition" } },
      "Windows Server 2022 Datacenter",
    ],
  ])("is %s", (_what, record, expected) => {
    expect(decoded({ activityType: 19, ...record }).deviceVersion).toBe(expected);
  });

  test("is never blank", () => {
    const { encode } = createEncoder(OPTIONS);
    for (const consoleVersion of [undefined, "", " \n"]) {
      expect(decodeCef(cefPart(encode(activity({}, { consoleVersion })))).deviceVersion).toBe("2.1");
    }
  });
});

describe("the scope", () => {
  test.each([
    [{ siteId: "1", accountId: "2" }, "SITE"],
    [{ siteId: null, accountId: "2" }, "ACCOUNT"],
    [{ siteId: "", accountId: null }, "GLOBAL"],
  ])("of %j is %s", (record, scope) => {
    const { extension } = decoded(record);
    expect([...extension].at(-1)).toStrictEqual(["notificationScope", scope]);
  });
});

describe("values that are not what the API promises", () => {
  test.each<[string, JsonRecord]>([
    ["nothing at all", {}],
    [
      "objects for texts",
      { primaryDescription: { a: { b: 1 } }, activityType: {}, siteId: { x: 1 }, data: { username: { a: 1 } } },
    ],
    [
      "lists for everything",
      { primaryDescription: [1, "a", null, true], activityType: [19], accountId: [], data: [1, 2] },
    ],
    ["numbers", { primaryDescription: 1, siteId: 2, accountId: -0, data: 7, activityType: 19.5 }],
    ["truths", { primaryDescription: true, data: false, activityType: true }],
    [
      "names of the prototype",
      { primaryDescription: "x", data: { constructor: "a", toString: "b", hasOwnProperty: 1 } },
    ],
  ])("%s gives a message", (_what, record) => {
    const { extension, classId } = decoded(record);
    expect(extension.get("activityType")).toBe(classId);
  });

  test("become text where text is wanted", () => {
    expect(value({ primaryDescription: [1, "a", null, true] }, "msg")).toBe("1, a, true");
    expect(value({ primaryDescription: { a: { b: 1, c: null } } }, "msg")).toBe('{"a":{"b":1}}');
    expect(value({ primaryDescription: 12.5 }, "msg")).toBe("12.5");
  });

  test("are left out where a type is wanted", () => {
    const { extension } = decoded({
      data: { ipAddress: "300.1.1.1", eventTime: "yesterday", sourceprocesspid: "2147483648", physical: "no mac" },
    });
    for (const key of ["src", "c6a2", "start", "spid", "dmac"]) expect(extension.has(key)).toBe(false);
    expect(extension.get("S1data")).toBe(
      '{"ipAddress":"300.1.1.1","eventTime":"yesterday","sourceprocesspid":"2147483648","physical":"no mac"}',
    );
  });

  test("a threat without anything is a threat", () => {
    expect(decodedThreat({})).toMatchObject({ classId: "threats.new", name: "Threat detected" });
  });
});

describe("addresses", () => {
  test("IPv6 goes to its own key with a label", () => {
    const { extension } = decoded({ data: { ipAddress: "2001:db8::1" } });
    expect(extension.has("src")).toBe(false);
    expect([extension.get("c6a2"), extension.get("c6a2Label")]).toStrictEqual(["2001:db8::1", "Source IPv6 Address"]);
  });

  test("the first of a list counts, and the list is kept", () => {
    const { extension } = decodedThreat({
      agentDetectionInfo: { agentIpV4: "bad, 10.0.0.1,10.0.0.2", agentIpV6: "fe80::1%eth0" },
    });
    expect(extension.get("dst")).toBe("10.0.0.1");
    expect(extension.get("S1agentIpV4")).toBe("bad, 10.0.0.1,10.0.0.2");
    expect(extension.get("c6a3")).toBe("fe80::1");
  });
});

describe("what has no key of its own", () => {
  test("is in S1data, but not what is told elsewhere", () => {
    const record = {
      siteName: "Berlin",
      description: "same",
      data: {
        siteName: "Berlin",
        scopeName: "Berlin",
        description: "same",
        username: "Ada",
        userName: "Ada",
        novel: { a: [1] },
        empty: "",
        none: null,
      },
    };
    expect(value(record, "S1data")).toBe('{"novel":{"a":[1]}}');
  });

  test("is kept when an alternative says something else", () => {
    expect(value({ data: { username: "Ada", userName: "Bob" } }, "S1data")).toBe('{"userName":"Bob"}');
  });

  test("is left out when it is not wanted", () => {
    expect(decoded({ data: { novel: 1 } }, { unmappedData: false }).extension.has("S1data")).toBe(false);
  });

  test("integers of 64 bits are what they were", () => {
    expect(value({ data: { scopeId: "1805117263218812001", ruleId: "9223372036854775807" } }, "S1ruleId")).toBe(
      "9223372036854775807",
    );
  });
});

describe("secrets", () => {
  test("never leave, whatever key they stand under", () => {
    const secret = {
      registrationToken: "CANARY",
      list: [{ apiToken: "CANARY", licenseKey: "CANARY", password: "CANARY" }],
    };
    const { encode } = createEncoder(OPTIONS);
    const data = {
      passphrase: "CANARY",
      nested: secret,
      username: secret,
      newValue: secret,
      policy: { id: secret },
      oldValue: '{"token":"CANARY"}',
      downloadUrl: "https://x.example/a?apiToken=CANARY",
    };
    const fields = { primaryDescription: secret, comments: [secret], data };
    expect(encode(activity(fields))).not.toContain("CANARY");
    const info = {
      threatInfo: { ...data, threatName: secret },
      containerInfo: secret,
      indicators: secret,
      mitigationStatus: [secret],
    };
    expect(encode(threat(info))).not.toContain("CANARY");
  });
});

describe("the size of a message", () => {
  const encodeTo = (maxMessageBytes: number, record: JsonRecord): DecodedCef => {
    const message = createEncoder({ ...OPTIONS, maxMessageBytes }).encode(activity(record));
    expect(Buffer.byteLength(message)).toBeLessThanOrEqual(maxMessageBytes);
    return decodeCef(cefPart(message));
  };

  test("is kept by cutting the longest values to the same length", () => {
    const { extension } = encodeTo(4096, {
      comments: "ü".repeat(5000),
      description: "x".repeat(6000),
      primaryDescription: "short",
    });
    expect(extension.get("S1truncated")).toBe("S1comments,S1description");
    expect(extension.get("msg")).toBe("short");
    const lengths = ["S1comments", "S1description"].map((key) => Buffer.byteLength(extension.get(key) ?? ""));
    expect(Math.abs((lengths[0] ?? 0) - (lengths[1] ?? 0))).toBeLessThanOrEqual(1);
  });

  test("is used to the last byte", () => {
    const message = createEncoder({ ...OPTIONS, maxMessageBytes: 3000 }).encode(
      activity({ comments: "x".repeat(100_000) }),
    );
    expect(Buffer.byteLength(message)).toBe(3000);
  });

  test("is never kept by cutting a time or an address", () => {
    const texts = Object.fromEntries(
      ["username", "computerName", "role", "ruleName", "path", "reason"].map((name) => [name, "x".repeat(900)]),
    );
    const record = {
      activityType: 19,
      threatId: "1",
      data: { ...texts, ipAddress: "2001:db8:1111:2222:3333:4444:5555:6666" },
    };
    const message = createEncoder({ ...OPTIONS, rt: "native", maxMessageBytes: 2048 }).encode(
      activity(record, { id: "9".repeat(40), key: "k".repeat(255), consoleVersion: "c" }),
    );
    const { extension } = decodeCef(cefPart(message));
    expect(extension.get("rt")).toBe("2026-09-21 12:00:00.000000");
    expect(extension.get("c6a2")).toBe("2001:db8:1111:2222:3333:4444:5555:6666");
  });

  test("names a value that was too long for its key", () => {
    const { extension } = encodeTo(8000, { primaryDescription: "🦀".repeat(600) });
    expect(extension.get("msg")).toBe("🦀".repeat(511));
    expect(extension.get("S1truncated")).toBe("msg");
  });

  test("is kept even when only ids are long", () => {
    const long = "🦀".repeat(100_000);
    const record = {
      primaryDescription: "gone",
      siteId: long,
      siteName: long,
      accountId: long,
      accountName: long,
      groupId: long,
      threatId: long,
      agentId: long,
      userId: long,
    };
    const event = activity(record, { id: long, key: `activities/${long}`, consoleVersion: long });
    for (const header of ["rfc3164", "rfc5424"] as const) {
      const options = { ...OPTIONS, header, hostname: "h".repeat(255), maxMessageBytes: MIN_MESSAGE_BYTES };
      const message = createEncoder(options).encode(event);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(MIN_MESSAGE_BYTES);
      const { extension } = decodeCef(cefPart(message));
      expect(extension.get("S1truncated")).toBe("*");
      expect([...extension.keys()].slice(-7)).toStrictEqual([
        "activityID",
        "activityType",
        "siteId",
        "siteName",
        "accountId",
        "accountName",
        "notificationScope",
      ]);
    }
  });

  test("can not be too small for any message", () => {
    expect(() => createEncoder({ ...OPTIONS, maxMessageBytes: MIN_MESSAGE_BYTES - 1 })).toThrow(RangeError);
    expect(() => createEncoder({ ...OPTIONS, maxMessageBytes: Number.NaN })).toThrow(RangeError);
  });
});

test("the parts of a message make the message", () => {
  const encoder = createEncoder(OPTIONS);
  const event = activity(fixtures("activities")[0] ?? {});
  const { syslogHeader, body } = encoder.encodeParts(event);
  expect(syslogHeader + body).toBe(encoder.encode(event));
  expect(body.startsWith("CEF:0|")).toBe(true);
});
