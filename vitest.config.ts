import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/**/*.slow.test.ts", "node_modules/**"],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // What runs beside others mostly waits for a time-out.
    maxConcurrency: 12,
  },
});
