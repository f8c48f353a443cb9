import * as z from "zod";
import { acrossKeys, duration, expected, label, notes, size, type ReportFault } from "../values.ts";
import { ADDRESS_FORM, CONFIRMS, MAX_UDP_BYTES, parseAddress, type CollectorAddress, type Confirm } from "./address.ts";
import { checkMessage, messageKeys, profileDefaults, PROFILES } from "./message.ts";
import { routing } from "./routing.ts";
import { tls } from "./tls.ts";

function address() {
  return z
    .string(expected(ADDRESS_FORM))
    .refine((text) => parseAddress(text) !== undefined, expected(ADDRESS_FORM))
    .transform((text): CollectorAddress => parseAddress(text) ?? { transport: "stdout" })
    .meta(
      notes({
        description:
          'Where the collector listens: `tcp://HOST:PORT` (port 514 unless given), `tls://` (6514), `relp://` and `relp+tls://` (20514), `udp://` (514, best effort), `stdout:`, or `file:///absolute/path`. IPv6 in brackets. In YAML quote `"stdout:"` or write `stdout`.',
        form: "`tcp://` `tls://` `relp://` `relp+tls://` `udp://` `stdout:` `file:///PATH`",
        example: "tls://forwarder.example.com:6514",
      }),
    );
}

function confirm() {
  return z
    .enum(["half_close", "relp", "window", "none"])
    .optional()
    .meta(
      notes({
        description:
          "What counts as proof that the collector has read an event, before it is released: `half_close` the clean end of the closed connection, `relp` the RELP response, `window` a resend window behind the acknowledged bytes (for load balancers), `none` the write itself.",
        fallback: "by address",
        example: "half_close",
      }),
    );
}

/** What `confirm: window` keeps for sending it again. */
function resend() {
  return {
    resend_size: size(1 << 16)
      .prefault("8MiB")
      .meta(
        notes({
          description:
            "For `confirm: window`: bytes that have to be acknowledged behind an event before it is released. Of the order of the kernels' buffers on the way (`tcp_wmem`, `tcp_rmem`).",
          shown: false,
        }),
      ),
    resend_time: duration(1000, 3_600_000)
      .prefault("30s")
      .meta(
        notes({
          description:
            "For `confirm: window`: how long an event is kept after it was acknowledged; twice as long where fewer bytes follow. More than the 15 s after which a collector that has stopped reading is seen.",
          shown: false,
        }),
      ),
  };
}

/** One collector. */
export function collectorEntry() {
  const keys = z.strictObject(
    {
      name: label().meta(
        notes({
          description: "Names the collector in metrics and status. Renaming it starts a new position in the spool.",
          form: "1-64 of `A-Z a-z 0-9 . _ -`",
          example: "sentinel",
        }),
      ),
      address: address(),
      ...messageKeys(),
      confirm: confirm(),
      ...resend(),
      tls: tls()
        .optional()
        .meta(notes({ description: "TLS of this collector. For `tls://` and `relp+tls://` only." })),
      ...routing(),
    },
    expected("a mapping"),
  );
  return acrossKeys(keys, (sound, fault) => {
    if (sound.address !== undefined) checkTransport(sound.address, sound, fault);
    checkMessage(sound, fault);
  }).transform((given) => ({
    ...given,
    ...profileDefaults(PROFILES[given.profile], given),
    confirm: given.confirm ?? CONFIRMS[given.address.transport][0],
    /** Always there for TLS addresses, never for others. */
    tls: isTls(given.address) ? (given.tls ?? tls().parse({})) : undefined,
  }));
}

function isTls(place: CollectorAddress): boolean {
  return place.transport === "tls" || place.transport === "relp+tls";
}

interface TransportKeys {
  readonly confirm?: Confirm | undefined;
  readonly tls?: unknown;
  readonly max_message_bytes?: number | undefined;
}

function checkTransport(place: CollectorAddress, keys: TransportKeys, fault: ReportFault): void {
  const { transport } = place;
  const allowed = CONFIRMS[transport];
  if (keys.confirm !== undefined && !allowed.includes(keys.confirm)) {
    fault(["confirm"], `expected ${allowed.join(" or ")} for ${transport} addresses`);
  }
  if (keys.tls !== undefined && !isTls(place)) {
    fault(["tls"], `for tls:// and relp+tls:// only, the address is ${transport}`);
  }
  if (transport === "udp" && (keys.max_message_bytes ?? 0) > MAX_UDP_BYTES) {
    fault(["max_message_bytes"], `expected at most ${MAX_UDP_BYTES} for udp addresses`);
  }
}
