import type { ConnectionOptions } from "node:tls";
import { afterAll } from "vitest";
import { RELP_WINDOW, RelpCollector } from "../../src/collector/relp.ts";
import { DemoCollector } from "../../src/demo/collector/collector.ts";
import { PATIENT, streamTo } from "../integration/collector-fixture.ts";
import { makeCertificates } from "../support/tls.ts";
import { describeCollector } from "./collector.contract.ts";

const certificates = makeCertificates();
afterAll(() => certificates[Symbol.dispose]());

const SECURE: ConnectionOptions = { ca: certificates.ca, minVersion: "TLSv1.2" };

for (const tls of [undefined, SECURE]) {
  const server = tls === undefined ? {} : { tls: certificates.server };

  describeCollector(tls === undefined ? "TCP" : "TLS", {
    framing: "newline",
    start: (behaviour = {}) => DemoCollector.start({ ...server, behaviour }),
    connect: (port, options = {}) => streamTo(port, { tls, ...options }),
  });

  describeCollector(tls === undefined ? "RELP" : "RELP over TLS", {
    framing: "octet_counting",
    start: (behaviour = {}) => DemoCollector.start({ ...server, behaviour, protocol: "relp" }),
    connect: (port, { timeouts = PATIENT, confirms = true } = {}) =>
      new RelpCollector({ host: "127.0.0.1", port, tls, timeouts, confirms, window: RELP_WINDOW, software: "test" }),
  });
}
