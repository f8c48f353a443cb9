import type { CefSeverity } from "../event/severity.ts";

/**
 * Severities from what the console knows, as tables: docs/mapping.md prints them.
 *
 * Activities start from their type (`activity-types.ts`) and are refined by one value of the record. Threats start from
 * confidence and mitigation and are then moved by each rule in turn.
 */

/** Other severities for some activity types, by a value of the record. */
export interface Refinement {
  readonly types: readonly number[];
  /** The extension key whose value decides. */
  readonly by: string;
  /** Words in lower case, `_` and `-` as spaces. */
  readonly severities: Readonly<Record<string, CefSeverity>>;
  /** The console's sentence tells it too, as `... to <word>`; for records without the value. */
  readonly inSentence?: boolean;
}

const DETECTIONS = [19, 4003, 4108, 4109, 4110, 4111];
const MITIGATIONS = [2001, 2002, 2003, 2004, 2026];
const ALERTS = [3608, 3784, 16000, 16003];

export const REFINEMENTS: readonly Refinement[] = [
  { types: DETECTIONS, by: "S1confidenceLevel", severities: { malicious: 8, suspicious: 6 } },
  { types: [18, 20], by: "S1confidenceLevel", severities: { malicious: 5, suspicious: 4 } },
  {
    types: MITIGATIONS,
    by: "S1globalStatus",
    severities: { failed: 8, failure: 8, partial: 7, pending: 6, "pending reboot": 6 },
  },
  {
    types: [2028],
    by: "S1newStatus",
    severities: { resolved: 3, "in progress": 4, unresolved: 5 },
    inSentence: true,
  },
  {
    types: [2030],
    by: "S1newStatus",
    severities: { "true positive": 7, suspicious: 6, undefined: 4, "false positive": 3 },
    inSentence: true,
  },
  {
    types: [2036, 2037],
    by: "S1confidenceLevel",
    severities: { malicious: 8, suspicious: 6, "n/a": 3 },
    inSentence: true,
  },
  {
    types: [4008],
    by: "S1newStatus",
    severities: { "not mitigated": 7, active: 7, mitigated: 4, blocked: 4, "marked as benign": 4, resolved: 3 },
    inSentence: true,
  },
  {
    types: ALERTS,
    by: "S1severity",
    severities: { critical: 9, high: 8, medium: 6, low: 4, info: 2, informational: 2 },
  },
];

const REFINEMENT_OF: ReadonlyMap<number, Refinement> = new Map(
  REFINEMENTS.flatMap((refinement) => refinement.types.map((type) => [type, refinement] as const)),
);

export function refinementOf(activityType: number): Refinement | undefined {
  return REFINEMENT_OF.get(activityType);
}

/** The refined severity, or undefined when the record says nothing about it. */
export function refine(
  { severities, inSentence = false }: Refinement,
  value: string | undefined,
  sentence: string | undefined,
): CefSeverity | undefined {
  const word = normalize(value);
  if (Object.hasOwn(severities, word)) return severities[word];
  if (!inSentence || sentence === undefined) return undefined;
  const text = sentence.toLowerCase();
  return Object.entries(severities).find(([candidate]) => text.includes(` to ${candidate}`))?.[1];
}

/** Alerts write `E_HIGH`, mitigation `not_mitigated`, sentences `Not mitigated`. */
function normalize(value: string | undefined): string {
  return value === undefined ? "" : value.toLowerCase().replace(/^e_/, "").replace(/[_-]/g, " ").trim();
}

/** What a threat's severity is made of, in the console's words. */
export interface ThreatFacts {
  readonly confidenceLevel: string | undefined;
  readonly mitigationStatus: string | undefined;
  readonly classification: string | undefined;
  readonly analystVerdict: string | undefined;
  readonly incidentStatus: string | undefined;
  readonly mitigatedPreemptively: boolean;
  readonly failedActions: boolean;
  readonly pendingActions: boolean;
}

type Confidence = "malicious" | "suspicious" | "other";
type Mitigation = "not mitigated" | "mitigated" | "marked as benign";

export const THREAT_BASE: Readonly<Record<Confidence, Readonly<Record<Mitigation, CefSeverity>>>> = {
  malicious: { "not mitigated": 9, mitigated: 5, "marked as benign": 2 },
  suspicious: { "not mitigated": 7, mitigated: 4, "marked as benign": 2 },
  other: { "not mitigated": 6, mitigated: 4, "marked as benign": 2 },
};

interface ThreatRule {
  readonly when: string;
  readonly effect: string;
  readonly applies: (facts: ThreatFacts, mitigation: Mitigation) => boolean;
  readonly change: (severity: number) => number;
}

const atLeast =
  (floor: CefSeverity) =>
  (severity: number): number =>
    Math.max(severity, floor);
const atMost =
  (ceiling: CefSeverity) =>
  (severity: number): number =>
    Math.min(severity, ceiling);
const add =
  (step: number) =>
  (severity: number): number =>
    severity + step;

const NUISANCES: ReadonlySet<string> = new Set(["pua", "pup", "adware", "potentially unwanted application"]);

export const THREAT_RULES: readonly ThreatRule[] = [
  {
    when: "classification is Ransomware, not mitigated",
    effect: "+1",
    applies: (facts, mitigation) => normalize(facts.classification) === "ransomware" && mitigation === "not mitigated",
    change: add(1),
  },
  {
    when: "classification is PUA, PUP or Adware",
    effect: "-3",
    applies: (facts) => NUISANCES.has(normalize(facts.classification)),
    change: add(-3),
  },
  {
    when: "mitigated preemptively (blocked before it ran)",
    effect: "at most 5",
    applies: (facts) => facts.mitigatedPreemptively,
    change: atMost(5),
  },
  {
    when: "a mitigation action failed",
    effect: "at least 8",
    applies: (facts) => facts.failedActions,
    change: atLeast(8),
  },
  {
    when: "an action or a reboot is pending",
    effect: "at least 6",
    applies: (facts) => facts.pendingActions,
    change: atLeast(6),
  },
  {
    when: "the analyst's verdict is true positive",
    effect: "+1",
    applies: (facts) => normalize(facts.analystVerdict) === "true positive",
    change: add(1),
  },
  {
    when: "the incident is resolved",
    effect: "at most 3",
    applies: (facts) => normalize(facts.incidentStatus) === "resolved",
    change: atMost(3),
  },
  {
    when: "marked as benign",
    effect: "at most 2",
    applies: (_facts, mitigation) => mitigation === "marked as benign",
    change: atMost(2),
  },
  {
    when: "the analyst's verdict is false positive",
    effect: "at most 1",
    applies: (facts) => normalize(facts.analystVerdict) === "false positive",
    change: atMost(1),
  },
];

export function threatSeverity(facts: ThreatFacts): CefSeverity {
  const mitigation = mitigationOf(facts);
  let severity: number = THREAT_BASE[confidenceOf(facts)][mitigation];
  for (const rule of THREAT_RULES) {
    if (rule.applies(facts, mitigation)) severity = rule.change(severity);
  }
  return Math.min(10, Math.max(0, severity)) as CefSeverity;
}

function confidenceOf({ confidenceLevel }: ThreatFacts): Confidence {
  const word = normalize(confidenceLevel);
  return word === "malicious" || word === "suspicious" ? word : "other";
}

/** `blocked` and `suspicious_resolved` are words of older consoles; an unknown state counts as not mitigated. */
function mitigationOf({ mitigationStatus }: ThreatFacts): Mitigation {
  const word = normalize(mitigationStatus);
  if (word === "marked as benign") return word;
  return word === "mitigated" || word === "blocked" || word.endsWith("resolved") ? "mitigated" : "not mitigated";
}
