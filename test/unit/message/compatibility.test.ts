import { describe, expect, test } from "vitest";
import { EXAMPLES } from "../../../scripts/compatibility/events.ts";
import { OFFERS, verdict, type Verdict } from "../../../scripts/compatibility/page.ts";
import { PARSERS } from "../../../scripts/compatibility/parsers.ts";

const ALL = EXAMPLES.map(({ name }) => name);
const ACTIVITIES = ALL.filter((name) => name !== "threats.new");

function verdictOf(parserName: string, offerName: string): Verdict {
  const parser = PARSERS.find(({ name }) => name === parserName);
  const offer = OFFERS.find(({ name }) => name === offerName);
  if (parser === undefined || offer === undefined) throw new Error(`no ${parserName} or no ${offerName}`);
  return verdict(parser, offer.options);
}

describe("known parsers take", () => {
  test.each([
    ["Exabeam, CEF, any", "cef", ACTIVITIES],
    ["Exabeam, CEF, by name", "cef", ["19", "4003", "23", "24", "25", "27", "33", "133"]],
    ["Exabeam, CEF2, threats", "cef2", ["19"]],
    ["Exabeam, RFC 5424", "rfc5424, native", ALL],
    ["Sumo Logic Cloud SIEM", "cef", ALL],
    ["UTMStack 11, CEF", "cef", ALL],
    ["Quadrant Sagan", "cef", ACTIVITIES],
    ["Quadrant Sagan", "cef2", ACTIVITIES],
    ["Google SecOps, SENTINELONE_ACTIVITY", "cef", ACTIVITIES],
    ["LogScale, parseCEF", "cef, header: rfc5424", ALL],
    ["Elastic, decode_cef", "cef", ALL],
    ["Wazuh, kboykov/wazuh-sentinelone", "cef2", ACTIVITIES],
    ["Wazuh, decoder of June 2025", "cef2", ALL],
    ["DNIF", "cef2", ACTIVITIES],
    ["Fluency", "cef2", ALL],
    ["Google SecOps, SENTINEL_EDR (Cyderes)", "cef2", ACTIVITIES],
    ["Microsoft Sentinel, CEF via AMA", "cef", ALL],
    ["QRadar, Universal LEEF", "leef", ALL],
  ])("%s: %s", (parser, offer, expected) => {
    expect(verdictOf(parser, offer).takes).toStrictEqual(expected);
  });
});

describe("the time", () => {
  test("of every activity is found by Exabeam with rt: native, and not without", () => {
    expect(verdictOf("Exabeam, CEF, any", "cef, rt: native").times).toStrictEqual(ACTIVITIES);
    expect(verdictOf("Exabeam, CEF, any", "cef").times).toStrictEqual([]);
  });

  test("of detections is found by Sumo Logic, of the rest by UTMStack, as SentinelOne has two forms", () => {
    const detections = verdictOf("Sumo Logic Cloud SIEM", "cef, rt: native").times ?? [];
    const others = verdictOf("UTMStack 11, CEF", "cef, rt: native").times ?? [];
    expect(detections).toContain("19");
    expect(others).toContain("27");
    expect([...detections, ...others].toSorted()).toStrictEqual(ALL.toSorted());
  });

  test("of everything is found by Elastic and Sentinel with rt: epoch", () => {
    for (const parser of ["Elastic, decode_cef", "Microsoft Sentinel, CEF via AMA"]) {
      expect(verdictOf(parser, "cef").times).toStrictEqual(ALL);
    }
  });

  test("of everything is found in CEF2, in the native RFC 5424 form and in LEEF", () => {
    expect(verdictOf("Exabeam, CEF2, threats", "cef2").times).toStrictEqual(["19"]);
    expect(verdictOf("Exabeam, RFC 5424", "rfc5424, native").times).toStrictEqual(ALL);
    expect(verdictOf("QRadar, Universal LEEF", "leef").times).toStrictEqual(ALL);
  });
});

test("no parser takes what it was not written for", () => {
  for (const offer of ["json", "rfc5424"]) {
    for (const { name } of PARSERS)
      expect([name, offer, verdictOf(name, offer).takes]).toStrictEqual([name, offer, []]);
  }
});
