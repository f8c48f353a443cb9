import type { SecurityEvent } from "../event/event.ts";
import { type Framing, frame } from "../syslog/framing.ts";
import { createByteRenderer } from "./byte-renderer.ts";
import { type MessageOptions, createEncoder } from "./encoder.ts";

export interface RendererOptions extends MessageOptions {
  readonly framing: Framing;
}

/** Where messages are written, one behind the other. */
export interface MessageSink {
  add(text: string): void;
  /** From `start` to `end` of these bytes. */
  addBytes(bytes: Buffer, start: number, end: number): void;
}

/** Writes the message of an event, with the framing of one collector. The spool's thread loads this module. */
export function createRenderer(options: RendererOptions): (event: SecurityEvent, sink: MessageSink) => void {
  const encoder = createEncoder(options);
  const render = createByteRenderer(options);
  return (event, sink) => {
    if (render?.(event, sink) !== true) sink.add(frame(encoder.encode(event), options.framing));
  };
}
