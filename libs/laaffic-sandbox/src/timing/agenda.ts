import type { Waits } from './waits.js';

interface Entry<T> {
  readonly at: number;
  readonly what: T;
}

/** The longest time Node can wait. */
const longest = 2 ** 31 - 1;

/** Does things when their time comes, with one timer for all of them. */
export class Agenda<T> {
  private entries: Entry<T>[] = [];
  private start = 0;
  private wokenAt = Infinity;
  private callOff: () => void = () => undefined;

  constructor(
    private readonly clock: () => number,
    private readonly waits: Waits,
    private readonly due: (what: T) => void,
  ) {}

  get size(): number {
    return this.entries.length - this.start;
  }

  /** @param at in milliseconds of the clock; what is never due is not kept */
  add(at: number, what: T): void {
    if (at === Infinity) return;
    let index = this.entries.length;
    while (index > this.start && (this.entries[index - 1]?.at ?? 0) > at) index -= 1;
    // nearly always the last one
    if (index === this.entries.length) this.entries.push({ at, what });
    else this.entries.splice(index, 0, { at, what });
    this.plan();
  }

  /** Does what is due by now. */
  catchUp(): void {
    for (let first = this.entries[this.start]; first !== undefined; first = this.entries[this.start]) {
      if (first.at > this.clock()) break;
      this.start += 1;
      this.due(first.what);
    }
    if (this.start * 2 > this.entries.length) {
      this.entries = this.entries.slice(this.start);
      this.start = 0;
    }
    this.plan();
  }

  clear(): void {
    this.entries = [];
    this.start = 0;
    this.plan();
  }

  private plan(): void {
    const next = this.entries[this.start]?.at ?? Infinity;
    if (next === this.wokenAt) return;
    this.callOff();
    this.wokenAt = next;
    if (next === Infinity) return;
    const wait = Math.ceil(Math.min(Math.max(next - this.clock(), 0), longest));
    this.callOff = this.waits.after(wait, () => {
      this.wokenAt = Infinity;
      this.catchUp();
    });
  }
}
