const SLOTS = 12;
const SLOT_MS = 5000;

/** How many there were in the last minute, in five-second steps. */
export class Rate {
  readonly #counts = Array.from({ length: SLOTS }, () => 0);
  #slot = 0;

  add(count: number, nowMs: number): void {
    const at = this.#moveTo(nowMs) % SLOTS;
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  perMinute(nowMs: number): number {
    this.#moveTo(nowMs);
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  #moveTo(nowMs: number): number {
    const slot = Math.max(this.#slot, Math.floor(nowMs / SLOT_MS));
    for (let passed = Math.max(this.#slot + 1, slot - SLOTS + 1); passed <= slot; passed += 1) {
      this.#counts[passed % SLOTS] = 0;
    }
    this.#slot = slot;
    return slot;
  }
}
