import type { ExitCode } from "./exit.ts";
export interface DemoOptions {
  readonly events: number;
  readonly port: number;
  readonly records?: string;
  readonly follow?: boolean;
  readonly spool?: string;
}
export function demo(_options: DemoOptions): Promise<ExitCode> {
  return Promise.resolve(1);
}
