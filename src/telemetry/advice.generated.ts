// GENERATED from docs/errors.md by scripts/status-page.ts.

/** What an operator should know of an error and do about it; `code` stands between back quotes. */
export interface Advice {
  readonly meaning: string;
  readonly action: string;
}

export type AdviceByCode = Readonly<Record<string, Advice>>;

export const ADVICE: AdviceByCode = {
  BRIDGE_CONFIG_INVALID: {
    meaning: "The configuration can not be read, has faults, or asks for something that this release does not do. Every fault is listed with line and column.",
    action: "Mend them; docs/configuration.md has every key. `s1bridge check` needs no network.",
  },
  BRIDGE_CONFIG_FILE: {
    meaning: "A file that the configuration names can not be read, or a PEM file is none.",
    action: "Check path and permissions for the user that runs s1bridge. Under systemd hand keys and tokens over with `LoadCredential=`.",
  },
  BRIDGE_CONFIG_SECRET: {
    meaning: "A token is missing, empty, or holds spaces or line breaks. The message names the file or variable, never the value.",
    action: "Put the token and nothing else into the file or variable. While the daemon runs this is `BRIDGE_FEED_UNAUTHORIZED`.",
  },
  BRIDGE_CONFIG_USAGE: {
    meaning: "The command line names a console, feed or collector that is not configured.",
    action: "Use one of the names in the message.",
  },
  BRIDGE_FEED_UNAVAILABLE: {
    meaning: "No answer (network, DNS, proxy, TLS), a 5xx, or an answer that is not the API's: a login page, torn JSON. Tried again after 0.5 to 60 s, or when the console asks.",
    action: "Nothing if it passes. Otherwise check `url`, `proxy` and `ca_file`, and the console's own status.",
  },
  BRIDGE_FEED_THROTTLED: {
    meaning: "429: too many requests for this token. `Retry-After` is kept, up to an hour.",
    action: "Lower `requests_per_second` or raise `every`, most of all when other programs use the same token.",
  },
  BRIDGE_FEED_UNAUTHORIZED: {
    meaning: "401, and the console refuses the token everywhere: expired or revoked. Or it can not be read. Looked at again every 30 s; the file is read anew.",
    action: "Make a new token and put it into the file. With a systemd credential, or `env`, restart the service (docs/install.md).",
  },
  BRIDGE_FEED_FORBIDDEN: {
    meaning: "403, or 401 for this feed alone: the token's role or scope does not allow it. Looked at again every 10 minutes.",
    action: "Give the service user the permission, widen its scope, or take the feed out of the configuration.",
  },
  BRIDGE_FEED_MISSING: {
    meaning: "404 or 501: this console does not have the endpoint. Looked at again every 10 minutes.",
    action: "Check `url`; take the feed out if the console's release or licence does not have it.",
  },
  BRIDGE_FEED_REFUSED: {
    meaning: "400: the console does not accept the request. Looked at again every 10 minutes.",
    action: "Check `scope` and `include_types`: an id that is not there any more is refused. Otherwise report it with the message.",
  },
  BRIDGE_FEED_NO_PAST: {
    meaning: "`backfill` of a feed that is read as a whole list: there is no time to ask by.",
    action: "`state reset` reads such a list as new.",
  },
  BRIDGE_FEED_CURSOR_REFUSED: {
    meaning: "400 with code 4000010: the console does not know its own cursor any more. The window is read again from its checkpoint.",
    action: "Nothing, unless it goes on: then report it.",
  },
  BRIDGE_SPOOL_HELD: {
    meaning: "Another process has the spool open. The daemon gives up with exit code 1.",
    action: "The message names the process. One directory for each daemon.",
  },
  BRIDGE_SPOOL_UNUSABLE: {
    meaning: "The spool can not be opened: permissions (the message names the owner and the `chown` that mends it), a file system that is read-only, a disk that fails, not a database, written by a newer release; or its thread died, or its file was replaced while it ran. The daemon gives up with exit code 1; nothing was changed.",
    action: "Do what the message says. Do not delete the folder before you know what it holds: `s1bridge spool ls` and `check` look at it without changing it.",
  },
  BRIDGE_SPOOL_DAMAGED: {
    meaning: "The disk gave back something else than was written, or the database was deleted while the bridge ran. The bridge begins anew in the same process (after five times it gives up): what can be read goes on, and what is lost is read again from the console. Where the deletion is found at a stop, the queue is written to its place again, and the exit code is 1. The log line says how much, and where the damaged file is kept. Duplicates, no gap, unless the console has deleted the records.",
    action: "Check the disk (`dmesg`, SMART). Delete `spool.db.damaged-*` when you do not need it any more. `s1bridge verify` or `backfill` for what the console may have deleted.",
  },
  BRIDGE_SPOOL_DROPPED: {
    meaning: "Only with `when_full: drop_oldest`: the spool was full, and its oldest events were deleted. The line says how many, of which feed, and which collector had not confirmed them; one line a minute. These events are lost for that collector.",
    action: "Bring the collector back, or raise `max_size`. `s1bridge backfill` reads them again from the console.",
  },
  BRIDGE_SPOOL_LETTERS_DROPPED: {
    meaning: "Records that can not become events have filled `spool.dead_letters_max_size`; the older half of what was kept of them is deleted. The line says how many, and of which feed; one line a minute.",
    action: "See in `dead-letters.ndjson` what the console sends. Raise the size to keep more, and keep what you need: `s1bridge spool export --what dead-letters`.",
  },
  BRIDGE_SPOOL_WRITE: {
    meaning: "The disk refused a write: full, read-only, broken. Nothing of the page was stored, and the console still has it. What is in the spool is delivered. Tried again. At the start: the spool can not be opened, or salvaged, for want of room; its files are as they were, and it is tried again every 5 s.",
    action: "Free or mend the disk. On a full disk `max_size` and `min_free` were set too high for it.",
  },
  BRIDGE_COLLECTOR_UNREACHABLE: {
    meaning: "No connection: refused, no route, no such host, no answer in 10 s, or TLS that could not be agreed on.",
    action: "Check `address` and the firewall. For TLS the message says which check failed: authority (`ca_file`), name (`server_name`), version, or that the collector ended the connection after the handshake, because it wants a client certificate (`cert_file`, `key_file`) and knows none of ours. For RELP also a session that was refused or not answered: is it a RELP receiver?",
  },
  BRIDGE_COLLECTOR_BROKEN: {
    meaning: "The connection ended before the window was confirmed. What was sent is in doubt and is sent again.",
    action: "Nothing for a restart of the collector. If it goes on, read the collector's log: a limit on sessions or message size, a load balancer that gives up.",
  },
  BRIDGE_COLLECTOR_STALLED: {
    meaning: "Nothing moved for 15 s, or the close, or any RELP message, was not answered for 60 s: a dead link, a collector that has stopped reading, or one that never answers a close.",
    action: "Check that the collector reads. If the message is always \"the close was not answered\", it can not confirm this way: set `confirm: window` (docs/delivery.md).",
  },
  BRIDGE_COLLECTOR_REFUSED: {
    meaning: "RELP: the collector answered a message with another status than 200. Its words are in the message. The window is sent again, in smaller and smaller parts; nothing behind the refused message is delivered before it.",
    action: "Read the collector's log: a full disk or queue passes; a message that it never takes needs another setting there.",
  },
  BRIDGE_COLLECTOR_PROTOCOL: {
    meaning: "RELP: what the collector sent in the middle of a session is no RELP, or answers a message that was not open.",
    action: "Is there something else at the address, or a proxy in between? Otherwise report it with the collector's version.",
  },
  BRIDGE_COLLECTOR_UNCONFIRMED: {
    meaning: "Only with `confirm: window`, and only at a stop: what was sent within the resend window is not proven yet. The next start sends it again.",
    action: "Nothing.",
  },
  BRIDGE_COLLECTOR_WRITE: {
    meaning: "The file or pipe could not be written, or the datagram not be sent.",
    action: "Check path, permissions and room; for `stdout` the program that reads it.",
  },
  BRIDGE_COLLECTOR_GONE: {
    meaning: "Whoever read the standard output has closed it. A pipe can not be opened again, so the daemon gives up with exit code 1; what was not taken is still in the spool.",
    action: "Let the supervisor start it again, with its reader.",
  },
  BRIDGE_CONTROL: {
    meaning: "A command asked the bridge that runs (`control.sock` in the spool's folder), and it refused, failed or ended before it was done. Its own words and code follow.",
    action: "Do what the message says; then run the command again, a backfill goes on where it was.",
  },
  BRIDGE_STOPPED: {
    meaning: "A command was stopped by Ctrl-C or SIGTERM before its end.",
    action: "Run it again.",
  },
  BRIDGE_BUG: {
    meaning: "An error that s1bridge did not expect. The part in which it happened tries again, the others go on; the log has the stack.",
    action: "Report it with the log line.",
  },
};
