/** CEF severity, 0 to 10, 10 is worst (CEF Implementation Standard, header field Severity). */
export type CefSeverity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

/** Syslog severity, 0 to 7, 0 is worst (RFC 5424 section 6.2.1). */
export type SyslogSeverity = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7;

/** `0-3` information, `4-6` notice and warning, `7-8` error, `9-10` critical. */
export function toSyslogSeverity(severity: CefSeverity): SyslogSeverity {
  return SYSLOG_SEVERITY[severity];
}

const SYSLOG_SEVERITY: Record<CefSeverity, SyslogSeverity> = {
  0: 6,
  1: 6,
  2: 6,
  3: 6,
  4: 5,
  5: 4,
  6: 4,
  7: 3,
  8: 3,
  9: 2,
  10: 2,
};
