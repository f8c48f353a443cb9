import { describe, expect, test } from "vitest";
import { DemoConsole } from "../../src/demo/console/console.ts";
import { addEstate } from "../../src/demo/estate.ts";
import { BridgeHome } from "../support/bridge-process.ts";

interface Shown {
  readonly unrouted: number;
  readonly failed: readonly { readonly console: string; readonly code: string }[];
  readonly sites: readonly {
    readonly console: string;
    readonly name: string;
    readonly activeLicenses: number;
    readonly collectors: readonly { readonly name: string; readonly gets: string }[];
  }[];
}

describe("s1bridge routes", () => {
  test("lists every site with its agents and the collectors that it goes to, and those that go nowhere", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome();
    addEstate(console, { nowMs: Date.now() });
    const collector = (name: string, match: object): object => ({ name, address: "tcp://127.0.0.1:1", match });
    home.configure({ consoles: [home.console(console)], collectors: [collector("all", { consoles: ["acme"] })] });
    const first = await home.command("routes", "-c", home.configFile, "--online", "--json");
    const sites = (JSON.parse(first.stdout) as Shown).sites;
    expect(sites.length).toBeGreaterThan(2);
    expect(sites.every(({ activeLicenses }) => Number.isInteger(activeLicenses))).toBe(true);

    const [one, two] = sites;
    home.configure({
      consoles: [home.console(console)],
      collectors: [
        collector("one", { sites: [one?.name] }),
        collector("two", { sites: [two?.name], feeds: ["threats"] }),
      ],
    });
    const { code, stdout } = await home.command("routes", "-c", home.configFile, "--online", "--json");
    const shown = JSON.parse(stdout) as Shown;
    const goes = (name: string | undefined): object | undefined =>
      shown.sites.find((site) => site.name === name)?.collectors;
    expect(goes(one?.name)).toEqual([{ name: "one", gets: "all" }]);
    expect(goes(two?.name)).toEqual([{ name: "two", gets: "some" }]);
    expect(shown.unrouted).toBe(sites.length - 2);
    expect(code).toBe(0);

    const table = await home.command("routes", "-c", home.configFile, "--online");
    expect(table.stdout).toContain(`${sites.length - 2} of ${sites.length} sites go nowhere`);
    expect(table.stdout).toContain(`${two?.name} `);
    expect(table.stdout).toContain("two (in part)");
  });

  test("says which console did not answer, and exits 1", async () => {
    await using console = await DemoConsole.start();
    await using home = new BridgeHome({ token: "wrong" });
    home.configure({ consoles: [home.console(console)], collectors: [{ name: "one", address: "tcp://127.0.0.1:1" }] });
    const { code, stdout } = await home.command("routes", "-c", home.configFile, "--online", "--json");
    expect((JSON.parse(stdout) as Shown).failed).toMatchObject([{ console: "acme", code: "BRIDGE_FEED_UNAUTHORIZED" }]);
    expect(code).toBe(1);
  });
});
