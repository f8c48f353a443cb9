import { defineConfig } from "vitest/config";

/** `npm run test:containers`: where podman or docker is, see test/containers/image.container.ts. */
export default defineConfig({
  test: { include: ["test/containers/**/*.container.ts"], testTimeout: 300_000, hookTimeout: 900_000 },
});
