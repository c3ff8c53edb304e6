import { MAX_TIMEOUT_MS } from '../../options/field-checks.js';
import type { Timers } from './timers.js';

interface Entry<T> {
  readonly at: number;
  readonly item: T;
}

/** Handles items when they are due, with one timer for all of them. */
export class Scheduler<T> {
  #entries: Entry<T>[] = [];
  #start = 0;
  #nextWakeUp = Infinity;
  #cancelTimer: () => void = () => undefined;

  constructor(
    private readonly clock: () => number,
    private readonly timers: Timers,
    private readonly onDue: (item: T) => void,
  ) {}

  get size(): number {
    return this.#entries.length - this.#start;
  }

  /** @param at in milliseconds of the clock. An item that is never due is not kept. */
  add(at: number, item: T): void {
    if (at === Infinity) return;
    let index = this.#entries.length;
    while (index > this.#start && (this.#entries[index - 1]?.at ?? 0) > at) index -= 1;
    // Nearly every item is the last one.
    if (index === this.#entries.length) this.#entries.push({ at, item });
    else this.#entries.splice(index, 0, { at, item });
    this.#setTimer();
  }

  /** Handles everything that is due now. */
  runDue(): void {
    for (let first = this.#entries[this.#start]; first !== undefined; first = this.#entries[this.#start]) {
      if (first.at > this.clock()) break;
      this.#start += 1;
      this.onDue(first.item);
    }
    if (this.#start * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#start);
      this.#start = 0;
    }
    this.#setTimer();
  }

  clear(): void {
    this.#entries = [];
    this.#start = 0;
    this.#setTimer();
  }

  #setTimer(): void {
    const next = this.#entries[this.#start]?.at ?? Infinity;
    if (next === this.#nextWakeUp) return;
    this.#cancelTimer();
    this.#nextWakeUp = next;
    if (next === Infinity) return;
    const delayMs = Math.ceil(Math.min(Math.max(next - this.clock(), 0), MAX_TIMEOUT_MS));
    this.#cancelTimer = this.timers.after(delayMs, () => {
      this.#nextWakeUp = Infinity;
      this.runDue();
    });
  }
}
