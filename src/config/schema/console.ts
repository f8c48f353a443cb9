import { z } from "zod";
import { acrossKeys, consoleId, expected, filePath, label, listOf, notes } from "../values.ts";
import { feeds } from "./feed.ts";

/** Where a secret is read from; it never stands in the configuration itself. */
export type SecretSource = { readonly file: string } | { readonly env: string };

const TOKEN_FORM = "{ file: PATH } or { env: NAME }";
const NO_INLINE_TOKEN = `the token never stands in the configuration: write ${TOKEN_FORM}`;

/** A token pasted as path or variable name would be repeated by every message about that path. */
function looksLikeToken(text: string): boolean {
  return /^eyJ[\w-]+\./.test(text) || /^[A-Za-z0-9_-]{65,}$/.test(text);
}

function token() {
  const keys = z.strictObject(
    {
      file: filePath()
        .refine((text) => !looksLikeToken(text), NO_INLINE_TOKEN)
        .optional()
        .meta(
          notes({
            description:
              "File that holds the API token and nothing else. Read again when it changes and after the console refused the token.",
            form: "path",
            fallback: "or `env`",
          }),
        ),
      env: z
        .string(expected("the name of an environment variable"))
        .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, expected("the name of an environment variable"))
        .refine((text) => !looksLikeToken(text), NO_INLINE_TOKEN)
        .optional()
        .meta(
          notes({ description: "Environment variable that holds the API token.", form: "name", fallback: "or `file`" }),
        ),
    },
    { error: (issue) => (issue.code === "invalid_type" && issue.input !== undefined ? NO_INLINE_TOKEN : undefined) },
  );
  return acrossKeys(keys, (sound, fault) => {
    if (sound.file !== undefined && sound.env !== undefined) fault([], `either file or env, not both`);
  })
    .refine(({ file, env }) => file !== undefined || env !== undefined, `expected ${TOKEN_FORM}`)
    .transform(({ file, env = "" }): SecretSource => (file === undefined ? { env } : { file }))
    .meta(
      notes({
        description: "The API token of a service user (Viewer is enough), from a file or from the environment.",
        form: `\`${TOKEN_FORM}\``,
        example: { file: "/run/credentials/s1bridge.service/acme-token" },
        secret: true,
      }),
    );
}

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
      token: token(),
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
      feeds: feeds(),
    },
    expected("a mapping"),
  );
}
