import type { SecurityEvent } from "../event/event.ts";
import { type Framing, frame } from "../syslog/framing.ts";
import { type MessageOptions, createEncoder } from "./encoder.ts";

export interface RendererOptions extends MessageOptions {
  readonly framing: Framing;
}

/** Makes an event the bytes of one collector: the message with its framing. The spool's thread loads this module. */
export function createRenderer({ framing, ...options }: RendererOptions): (event: SecurityEvent) => string {
  const encoder = createEncoder(options);
  return (event) => frame(encoder.encode(event), framing);
}
