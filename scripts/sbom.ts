/** Writes `packages/s1bridge.cdx.json`: what runs in production, as CycloneDX, by npm out of package-lock.json. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, buildFacts } from "./build-facts.ts";

interface Bom {
  serialNumber: string;
  metadata: { timestamp: string; component: { name: string } };
}

const options = { cwd: ROOT, encoding: "utf8", maxBuffer: 64 << 20 } as const;
const words = ["sbom", "--omit=dev", "--package-lock-only", "--sbom-format=cyclonedx", "--sbom-type=application"];
const text = execFileSync("npm", words, options);
mkdirSync(join(ROOT, "packages"), { recursive: true });
// npm takes the name from the folder, and says when and as which copy it was asked: two of one commit are to be the same.
const { serialNumber: _, ...bom } = JSON.parse(text) as Bom;
bom.metadata = {
  ...bom.metadata,
  timestamp: buildFacts().date,
  component: { ...bom.metadata.component, name: "s1bridge" },
};
writeFileSync(join(ROOT, "packages/s1bridge.cdx.json"), `${JSON.stringify(bom, undefined, 2)}\n`);
