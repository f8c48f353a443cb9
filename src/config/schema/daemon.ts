import * as z from "zod";
import { secretSource } from "./secret-source.ts";
import {
  acrossKeys,
  duration,
  expected,
  filePath,
  MAX_INTERVAL_MS,
  notes,
  parseHostPort,
  size,
  type HostPort,
} from "../values.ts";

/** The disk queue. */
export function spool() {
  return z
    .strictObject(
      {
        directory: filePath()
          .default("/var/lib/s1bridge")
          .meta(
            notes({
              description:
                "Where the disk queue stands. A local file system that honours fsync; one directory for each bridge.",
              form: "path",
            }),
          ),
        max_size: size(1024 ** 2)
          .prefault("2GiB")
          .meta(
            notes({
              description:
                "Size of the queue on disk at most, 1MiB or more. Raise it for longer outages of a collector.",
              form: "size",
            }),
          ),
        min_free: size()
          .prefault("256MiB")
          .meta(
            notes({
              description: "The queue counts as full when the file system has less space than this left.",
              form: "size",
            }),
          ),
        dead_letters_max_size: size(1024 ** 2)
          .prefault("64MiB")
          .meta(
            notes({
              description:
                "Size at most of the records that can not become events (`dead-letters.ndjson`), 1MiB or more. At this size the older half is deleted, and counted.",
              form: "size",
            }),
          ),
        when_full: z
          .enum(["pause", "drop_oldest"])
          .default("pause")
          .meta(
            notes({
              description:
                "`pause` stops polling, and the console keeps the events: nothing is lost. `drop_oldest` deletes the oldest events and counts them.",
            }),
          ),
      },
      expected("a mapping"),
    )
    .prefault({})
    .meta(notes({ description: "The disk queue between the consoles and the collectors." }));
}

export function verify() {
  return z
    .strictObject(
      {
        keep: duration()
          .prefault("7d")
          .meta(
            notes({
              description:
                "How long the ids of what was forwarded are kept, so that `verify` can tell what is missing, and `backfill` what has been sent. Some 9 bytes for an event, at most an eighth of `spool.max_size`; 0s turns it off.",
              form: "duration",
            }),
          ),
      },
      expected("a mapping such as { keep: 7d }"),
    )
    .prefault({})
    .meta(notes({ description: "What is kept for the audit of completeness." }));
}

export function heartbeat() {
  return z
    .strictObject(
      {
        every: duration(1000, MAX_INTERVAL_MS)
          .prefault("5m")
          .meta(notes({ description: "Pause between two heartbeats, 1s to 7d.", form: "duration" })),
      },
      expected("a mapping such as { every: 5m }"),
    )
    .optional()
    .meta(
      notes({
        description:
          "Sends a CEF event for each console and feed with counters and a sequence number, so that the SIEM notices silence. Omitted: none.",
        example: { every: "5m" },
      }),
    );
}

const LISTEN_FORM = "HOST:PORT such as 127.0.0.1:9614";

/** Loopback: nobody else can ask. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function telemetryTls() {
  const file = (description: string, name: string) =>
    filePath().meta(notes({ description, form: "path", example: `/etc/s1bridge/${name}.pem` }));
  return z
    .strictObject(
      {
        cert_file: file("PEM file of the certificate that is shown to whoever asks.", "telemetry"),
        key_file: file("PEM file of its key.", "telemetry-key"),
        client_ca_file: file(
          "PEM file of the authority whose client certificates may ask. Without it `token` is needed.",
          "telemetry-clients",
        ).optional(),
      },
      expected("a mapping of TLS options"),
    )
    .optional()
    .meta(notes({ description: "HTTPS in place of HTTP." }));
}

export function telemetry() {
  const keys = z.strictObject(
    {
      listen: z
        .string(expected(LISTEN_FORM))
        .refine((text) => parseHostPort(text) !== undefined, expected(LISTEN_FORM))
        .transform((text): HostPort => parseHostPort(text) ?? { host: "127.0.0.1", port: 0 })
        .prefault("127.0.0.1:9614")
        .meta(
          notes({
            description:
              "Address of /livez, /readyz, /metrics, /api/status and the status page. Beyond the machine itself, as `0.0.0.0:9614` in a container, it needs `token` or `tls.client_ca_file`. Port 0 takes a free port.",
            form: "HOST:PORT",
          }),
        ),
      token: secretSource("the telemetry token", {
        description:
          "Whoever asks has to say `Authorization: Bearer TOKEN`; a browser asks for it as the password of any user. Without it /livez and /readyz answer with their status alone, for probes.",
        example: { file: "/run/credentials/s1bridge.service/telemetry-token" },
      }).optional(),
      tls: telemetryTls(),
    },
    expected("a mapping such as { listen: 127.0.0.1:9614 }"),
  );
  return acrossKeys(keys, ({ listen, token, tls }, fault) => {
    if (listen === undefined || isLoopback(listen.host) || token !== undefined) return;
    if (tls?.client_ca_file !== undefined) return;
    fault(
      ["listen"],
      `${listen.host} can be reached from other machines: set token or tls.client_ca_file, or listen on 127.0.0.1`,
    );
  })
    .prefault({})
    .meta(notes({ description: "Probes, metrics and the status page." }));
}

export function reload() {
  return z
    .strictObject(
      {
        on_change: z
          .boolean()
          .default(false)
          .meta(
            notes({
              description:
                "Reads this file again when it changes, as SIGHUP does in any case. A bad one is refused, and the running configuration goes on.",
            }),
          ),
      },
      expected("a mapping such as { on_change: true }"),
    )
    .prefault({})
    .meta(
      notes({ description: "Consoles, collectors and routes can be changed while the daemon runs.", shown: false }),
    );
}

export function log() {
  return z
    .strictObject(
      {
        level: z
          .enum(["debug", "info", "warn", "error"])
          .default("info")
          .meta(notes({ description: "The least important entries that are written." })),
        format: z
          .enum(["json", "pretty"])
          .default("json")
          .meta(notes({ description: "`json` for machines, one object a line; `pretty` for a terminal." })),
      },
      expected("a mapping such as { level: info }"),
    )
    .prefault({})
    .meta(notes({ description: "The log of the daemon." }));
}
