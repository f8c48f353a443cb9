import { type ZstdCompress, constants, createZstdCompress } from "node:zlib";

/** Some frames have room in one; what they are packed into is copied, and used again. */
const CHUNK_BYTES = 128 << 10;

const OPTIONS = {
  // Each text becomes a frame.
  flush: constants.ZSTD_e_end,
  chunkSize: CHUNK_BYTES,
  // A frame is taken as a whole: the stream must not wait for a reader in the midst of it.
  readableHighWaterMark: 1 << 30,
  params: { [constants.ZSTD_c_compressionLevel]: 1, [constants.ZSTD_c_checksumFlag]: 1 },
};

/**
 * Packs one text after the other, each as a zstd frame with a checksum (RFC 8878 section 3.1.1), with one context for all of
 * them: one for each takes as long as the packing, and a megabyte that V8 sees come and go.
 */
export class ZstdFrames {
  #stream: ZstdCompress | undefined;
  #last: Promise<unknown> = Promise.resolve();

  /**
   * Gives a buffer of its own, as long as the frame. `write` is called when the turn of its text has come, and what it gives is
   * needed until the frame is there: all texts may be written into the same memory.
   */
  pack(write: () => Uint8Array): Promise<Buffer> {
    const packed = this.#last.then(() => this.#pack(write()));
    this.#last = packed.catch(() => undefined);
    return packed;
  }

  #pack(text: Uint8Array): Promise<Buffer> {
    const stream = (this.#stream ??= this.#open());
    return new Promise((resolve, reject) => {
      stream.write(text, (error) => {
        if (error) {
          // The next one is made by another stream.
          this.#stream = undefined;
          reject(error);
        } else resolve(Buffer.from(stream.read() as Buffer));
      });
    });
  }

  #open(): ZstdCompress {
    // Whoever waits for the frame is told.
    return createZstdCompress(OPTIONS).on("error", () => undefined);
  }
}
