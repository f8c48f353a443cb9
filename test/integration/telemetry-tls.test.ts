import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Agent, request } from "undici";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { BridgeHome } from "../support/bridge-process.ts";
import { type Identity, makeCertificates } from "../support/tls.ts";

const certificates = makeCertificates();
const { server, client, stranger, ca, caFile } = certificates;

let console: DemoConsole;
let home: BridgeHome;
let at: string;

/** One daemon that shows a certificate of a private authority, and takes clients of it, or a token. */
beforeAll(async () => {
  console = await DemoConsole.start();
  home = new BridgeHome({ env: { TELEMETRY_TOKEN: "token-of-the-telemetry" } });
  home.configure({
    consoles: [home.console(console)],
    collectors: [{ name: "file", address: `file://${join(home.directory, "out")}` }],
    telemetry: {
      listen: "127.0.0.1:0",
      token: { env: "TELEMETRY_TOKEN" },
      tls: { cert_file: server.certFile, key_file: server.keyFile, client_ca_file: caFile },
    },
  });
  const daemon = await home.start();
  at = String((await daemon.started())["telemetry"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await console.close();
  certificates[Symbol.dispose]();
});

async function ask(
  path: string,
  { identity, token, method = "GET" }: { identity?: Identity; token?: string; method?: "GET" | "POST" } = {},
): Promise<[number, string]> {
  const agent = new Agent({ connect: { ca, ...(identity && { cert: identity.cert, key: identity.key }) } });
  try {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const { statusCode, body } = await request(`https://${at}${path}`, { dispatcher: agent, headers, method });
    return [statusCode, await body.text()];
  } finally {
    await agent.destroy();
  }
}

test("a client certificate of the authority is enough, and so is the token", async () => {
  for (const path of ["/metrics", "/api/status"]) {
    expect((await ask(path, { identity: client }))[0]).toBe(200);
    expect((await ask(path, { token: "token-of-the-telemetry" }))[0]).toBe(200);
  }
});

test("without them, with a stranger's certificate or another token, nothing is told but the state of the probes", async () => {
  for (const who of [{}, { identity: stranger }, { token: "another" }, { token: "" }]) {
    for (const path of ["/metrics", "/api/status", "/"]) expect((await ask(path, who))[0]).toBe(401);
    expect(await ask("/livez", who)).toEqual([200, "ok\n"]);
    expect((await ask("/readyz", who))[1]).not.toContain("acme");
  }
  expect((await ask("/metrics", { identity: client, method: "POST" }))[0]).toBe(405);
});

test("plain HTTP is no way in", async () => {
  await expect(request(`http://${at}/livez`)).rejects.toThrow(/other side closed|socket|ECONNRESET/i);
});

test("healthcheck and status of the same machine need no certificate of their own", async () => {
  expect(await home.command("healthcheck", "-c", home.configFile)).toMatchObject({ code: 0, stdout: "ok\n" });
  const { stdout } = await home.command("status", "-c", home.configFile, "--json");
  expect(JSON.parse(stdout)).toMatchObject({ source: "daemon" });
});
