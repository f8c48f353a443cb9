import { defineConfig } from "vitest/config";

/** `npm run test:package`: as root on Debian or Ubuntu, with debootstrap or S1BRIDGE_DEBIAN_ROOT. */
export default defineConfig({
  test: {
    include: ["test/package/**/*.package.ts"],
    globalSetup: "test/package/setup.ts",
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
