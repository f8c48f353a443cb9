import type { SecurityEvent } from "../event/event.ts";
import { type Framing, frame } from "../syslog/framing.ts";
import { createByteRenderer } from "./byte-renderer.ts";
import { type MessageOptions, createEncoder } from "./encoder.ts";

export interface RendererOptions extends MessageOptions {
  readonly framing: Framing;
}

/**
 * Makes an event the message of one collector with its framing, as text or as bytes that stand until the next call. The
 * spool's thread loads this module.
 */
export function createRenderer(options: RendererOptions): (event: SecurityEvent) => string | Uint8Array {
  const encoder = createEncoder(options);
  const render = createByteRenderer(options);
  return (event) => render?.(event) ?? frame(encoder.encode(event), options.framing);
}
