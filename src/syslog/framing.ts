/** How messages are told apart on a stream (RFC 6587): a line feed behind each, or its length in octets before it. */
export type Framing = "newline" | "octet_counting";

/**
 * The message with its transport framing. The message must hold no line break: a newline frame would become two
 * messages.
 */
export function frame(message: string, framing: Framing): string {
  switch (framing) {
    case "newline":
      return `${message}\n`;
    case "octet_counting":
      return `${Buffer.byteLength(message)} ${message}`;
  }
}
