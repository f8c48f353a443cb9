import * as z from "zod";
import { consoleId, expected, filePath, label, listOf, notes, wholeNumber } from "../values.ts";
import { feeds } from "./feed.ts";
import { secretSource } from "./secret-source.ts";

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

const URL_FORM = "https://HOST[:PORT] without path, query or user";

function isOrigin(url: URL): boolean {
  return url.pathname === "/" && url.search === "" && url.hash === "" && url.username === "" && url.password === "";
}

function consoleUrl() {
  return z
    .string(expected(URL_FORM))
    .superRefine((text, context) => {
      const url = URL.parse(text);
      if (url === null || !/^https?:$/.test(url.protocol) || !isOrigin(url)) {
        context.addIssue({ code: "custom", message: `expected ${URL_FORM}` });
      } else if (url.protocol === "http:" && !isLoopback(url.hostname)) {
        context.addIssue({ code: "custom", message: "expected https://; http:// is for loopback hosts only" });
      }
    })
    .transform((text) => URL.parse(text)?.origin ?? text)
    .meta(
      notes({
        description: "The console's address. `http://` is accepted for a loopback host only.",
        form: "URL",
        example: "https://acme.sentinelone.net",
      }),
    );
}

function isProxy(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.pathname === "/" && url.search === "" && url.hash === "";
}

function ids(description: string) {
  return listOf(consoleId()).meta(notes({ description, form: "list of ids" }));
}

function scope() {
  return z
    .strictObject(
      {
        account_ids: ids("Accounts to read."),
        site_ids: ids("Sites to read."),
        group_ids: ids("Groups to read."),
      },
      expected("a mapping with account_ids, site_ids, group_ids"),
    )
    .prefault({})
    .meta(
      notes({
        description:
          "Limits all feeds to these accounts, sites or groups; empty means everything that the token sees. Use it to split a console over several instances or customers.",
        shown: false,
      }),
    );
}

/** One management console. */
export function consoleEntry() {
  return z.strictObject(
    {
      name: label().meta(
        notes({
          description: "Names the console in metrics, checkpoints and routes. Renaming it starts its feeds anew.",
          form: "1-64 of `A-Z a-z 0-9 . _ -`",
          example: "acme",
        }),
      ),
      url: consoleUrl(),
      token: secretSource("the API token", {
        description: "The API token of a service user (Viewer is enough), from a file or from the environment.",
        example: { file: "/run/credentials/s1bridge.service/acme-token" },
        reread: " Read again when it changes and after the console refused the token.",
      }),
      ca_file: filePath()
        .optional()
        .meta(
          notes({
            description: "PEM file of the private certificate authority that signed the console's certificate.",
            form: "path",
            example: "/etc/ssl/private-ca.pem",
          }),
        ),
      proxy: z
        .string(expected("http://HOST:PORT or https://HOST:PORT"))
        .refine(isProxy, expected("http://HOST:PORT or https://HOST:PORT"))
        .optional()
        .meta(
          notes({
            description: "HTTP proxy for the API of this console; collectors are never reached through it.",
            form: "URL",
            example: "http://proxy.example:3128",
            secret: true,
          }),
        ),
      scope: scope(),
      requests_per_hour: wholeNumber(60, 1_000_000)
        .optional()
        .meta(
          notes({
            description:
              "Most API requests of any hour, over all feeds; consoles that share a token share it. Set it when other programs use the same token. At rest each feed makes 120 an hour with the default `every`.",
            form: "60-1000000",
            fallback: "no limit but those of each path",
            example: 3600,
          }),
        ),
      feeds: feeds(),
    },
    expected("a mapping"),
  );
}
