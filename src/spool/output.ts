/** Of UTF-8, for a UTF-16 code unit. */
const MAX_UNIT_BYTES = 3;

/**
 * The messages of a batch, one behind the other. Each is written into one lasting buffer as soon as it is made: as one long
 * string they would be copied once more, and be a megabyte of garbage.
 */
export class Output {
  #bytes = Buffer.alloc(1 << 20);
  #length = 0;

  add(message: string): void {
    const needed = this.#length + message.length * MAX_UNIT_BYTES;
    if (needed > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes.subarray(0, this.#length)], 2 * needed);
    this.#length += this.#bytes.write(message, this.#length);
  }

  /** A copy, for it goes to another thread; then it is empty. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#length));
    this.#length = 0;
    return taken;
  }
}
