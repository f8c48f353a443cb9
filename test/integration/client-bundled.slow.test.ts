import { vi } from "vitest";

// With what the bundle has of undici, the client does all that it does with the whole of it.
vi.mock("undici", () => import("../../scripts/bundled/undici.js"));
await import("./client.test.ts");
