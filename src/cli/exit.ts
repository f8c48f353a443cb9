/** The exit codes that scripts and supervisors rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, gaps: 3 } as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
