/** What may be told of the bridge's surroundings while it works, for metrics. */
export interface Surroundings {
  request(report: RequestReport): void;
  certificate(report: CertificateReport): void;
}

/** A request to a console. */
export interface RequestReport {
  readonly console: string;
  /** Without ids: it names a kind of request. */
  readonly path: string;
  /** Undefined: no answer. */
  readonly status: number | undefined;
  readonly tookMs: number;
  /** How long it waited for its turn within the limits before. */
  readonly waitedMs: number;
}

/** A certificate that was shown when a connection was opened. */
export interface CertificateReport {
  readonly peer: "collector" | "console";
  readonly name: string;
  readonly expiresMs: number;
}
