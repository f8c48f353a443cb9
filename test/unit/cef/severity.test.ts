import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { activityType, activityTypes } from "../../../src/cef/activity-types.ts";
import { refine, refinementOf, REFINEMENTS, threatSeverity } from "../../../src/cef/severity.ts";
import type { ThreatFacts } from "../../../src/cef/severity.ts";

const FACTS: ThreatFacts = {
  confidenceLevel: "malicious",
  mitigationStatus: "not_mitigated",
  classification: "Trojan",
  analystVerdict: "undefined",
  incidentStatus: "unresolved",
  mitigatedPreemptively: false,
  failedActions: false,
  pendingActions: false,
};

describe("the severity of a threat", () => {
  test.each<[string, Partial<ThreatFacts>, number]>([
    ["malicious, not mitigated", {}, 9],
    ["ransomware, not mitigated", { classification: "Ransomware" }, 10],
    ["malicious, not mitigated, true positive", { analystVerdict: "true_positive" }, 10],
    ["ransomware, true positive: not above 10", { classification: "Ransomware", analystVerdict: "true_positive" }, 10],
    ["malicious, mitigated", { mitigationStatus: "mitigated" }, 5],
    ["malicious, mitigated, true positive", { mitigationStatus: "mitigated", analystVerdict: "true_positive" }, 6],
    ["mitigated, but an action failed", { mitigationStatus: "mitigated", failedActions: true }, 8],
    ["mitigated, but a reboot is pending", { mitigationStatus: "mitigated", pendingActions: true }, 6],
    ["blocked before it ran", { mitigatedPreemptively: true }, 5],
    ["suspicious, not mitigated", { confidenceLevel: "suspicious" }, 7],
    ["suspicious, mitigated", { confidenceLevel: "suspicious", mitigationStatus: "mitigated" }, 4],
    ["unwanted, not mitigated", { classification: "PUA" }, 6],
    ["resolved", { incidentStatus: "resolved" }, 3],
    ["false positive", { analystVerdict: "false_positive" }, 1],
    ["false positive, though an action failed", { analystVerdict: "false_positive", failedActions: true }, 1],
    ["marked as benign", { mitigationStatus: "marked_as_benign" }, 2],
    ["nothing known", { confidenceLevel: undefined, mitigationStatus: undefined, classification: undefined }, 6],
  ])("%s", (_case, facts, expected) => {
    expect(threatSeverity({ ...FACTS, ...facts })).toBe(expected);
  });

  test("is a whole number from 0 to 10, whatever the console says", () => {
    const word = fc.option(fc.string(), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record<ThreatFacts>({
          confidenceLevel: word,
          mitigationStatus: word,
          classification: fc.oneof(word, fc.constantFrom("PUA", "Ransomware")),
          analystVerdict: fc.oneof(word, fc.constantFrom("true_positive", "false_positive")),
          incidentStatus: word,
          mitigatedPreemptively: fc.boolean(),
          failedActions: fc.boolean(),
          pendingActions: fc.boolean(),
        }),
        (facts) => {
          const severity = threatSeverity(facts);
          expect(Number.isInteger(severity) && severity >= 0 && severity <= 10).toBe(true);
        },
      ),
    );
  });
});

function refined(type: number, value: string | undefined, sentence?: string): number {
  const refinement = refinementOf(type);
  return (refinement && refine(refinement, value, sentence)) ?? activityType(type).severity;
}

describe("the severity of an activity", () => {
  test.each([
    [19, undefined, 8],
    [19, "suspicious", 6],
    [4003, "malicious", 8],
    [2004, "success", 5],
    [2004, "failed", 8],
    [2006, undefined, 8],
    [133, undefined, 5],
    [27, undefined, 3],
    [64, undefined, 6],
    [3008, undefined, 5],
    [3020, undefined, 5],
    [117, undefined, 7],
    [3608, "E_MEDIUM", 6],
    [3608, "Critical", 9],
    [3608, "constructor", 7],
    [4008, "not_mitigated", 7],
    [98_765, undefined, 3],
  ])("type %i with %s is %i", (type, value, expected) => {
    expect(refined(type, value)).toBe(expected);
  });

  test.each([
    [2030, "Ada Example changed the analyst verdict from Undefined to True positive.", 7],
    [2030, "Ada Example changed the analyst verdict from True positive to False positive.", 3],
    [4008, "Status of threat a.exe on agent FIN-LAP-07 changed from Not mitigated to Mitigated.", 4],
    [4008, "Status of threat a.exe on agent FIN-LAP-07 changed from Mitigated to Not mitigated.", 7],
  ])("type %i is told by the sentence %j", (type, sentence, expected) => {
    expect(refined(type, undefined, sentence)).toBe(expected);
  });
});

describe("the catalogue of activity types", () => {
  test("has every type once, with a name that ends in plain text", () => {
    const types = [...activityTypes()];
    expect(types.length).toBeGreaterThan(500);
    expect(new Set(types.map(({ id }) => id)).size).toBe(types.length);
    for (const { name } of types) expect(name.split(" || ").at(-1)).toMatch(/^[^{}]+$/);
  });

  test("gives an unknown type a name", () => {
    expect(activityType(424_242).name).toBe("Activity 424242");
  });

  test("refines each type in one way only", () => {
    const types = REFINEMENTS.flatMap((refinement) => refinement.types);
    expect(new Set(types).size).toBe(types.length);
  });
});
