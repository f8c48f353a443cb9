import { z } from "zod";
import { duration, expected, filePath, MAX_INTERVAL_MS, notes, parseHostPort, size, type HostPort } from "../values.ts";

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

export function telemetry() {
  return z
    .strictObject(
      {
        listen: z
          .string(expected(LISTEN_FORM))
          .refine((text) => parseHostPort(text) !== undefined, expected(LISTEN_FORM))
          .transform((text): HostPort => parseHostPort(text) ?? { host: "127.0.0.1", port: 0 })
          .prefault("127.0.0.1:9614")
          .meta(
            notes({
              description:
                "Address of /livez, /readyz, /metrics, /api/status and the status page. Nothing there asks for a password: in a container use `0.0.0.0:9614` and guard it by the network. Port 0 takes a free port.",
              form: "HOST:PORT",
            }),
          ),
      },
      expected("a mapping such as { listen: 127.0.0.1:9614 }"),
    )
    .prefault({})
    .meta(notes({ description: "Probes, metrics and the status page." }));
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
