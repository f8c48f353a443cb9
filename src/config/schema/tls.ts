import * as z from "zod";
import { acrossKeys, expected, filePath, notes } from "../values.ts";

const FINGERPRINT = /^(?:SHA256:)?(?:[0-9a-f]{2}:?){31}[0-9a-f]{2}$/i;

/** The TLS options of a collector. */
export function tls() {
  const form = expected("a SHA-256 fingerprint: 64 hexadecimal digits, colons allowed");
  const serverName = expected("a host name");
  const keys = z.strictObject(
    {
      ca_file: pem(
        "PEM file of the authority that signed the collector's certificate, in place of the public ones.",
        "ca",
      ),
      cert_file: pem("PEM file of the client certificate; needs `key_file`.", "client"),
      key_file: pem("PEM file of the client certificate's key; needs `cert_file`.", "client-key"),
      server_name: z
        .string(serverName)
        .regex(/^[A-Za-z0-9._-]{1,253}$/, serverName)
        .optional()
        .meta(
          notes({
            description: "The name that the certificate must carry, when it is not the host of the address.",
            form: "host name",
            fallback: "host of the address",
            example: "forwarder.example.com",
          }),
        ),
      fingerprints: z
        .array(
          z
            .string(form)
            .regex(FINGERPRINT, form)
            .transform((text) => text.replace(/^SHA256:|:/gi, "").toLowerCase()),
          expected("a list"),
        )
        .prefault([])
        .meta(
          notes({
            description:
              "SHA-256 fingerprints of the certificates that are accepted. Where there are any, authority, name and dates are not asked.",
            form: "list of fingerprints",
          }),
        ),
      min_version: z
        .enum(["TLSv1.2", "TLSv1.3"])
        .default("TLSv1.2")
        .meta(notes({ description: "The oldest TLS version that is accepted." })),
    },
    expected("a mapping of TLS options"),
  );
  return acrossKeys(keys, (sound, fault) => {
    if (sound.cert_file !== undefined && sound.key_file === undefined) fault(["cert_file"], "needs key_file too");
    if (sound.key_file !== undefined && sound.cert_file === undefined) fault(["key_file"], "needs cert_file too");
  });
}

function pem(description: string, name: string) {
  const example = `/etc/s1bridge/${name}.pem`;
  return filePath()
    .optional()
    .meta(notes({ description, form: "path", example }));
}
