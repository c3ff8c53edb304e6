import { setTimeout } from 'node:timers/promises';

/** A point in time after which to give up. */
export class Deadline {
  readonly #end: number;

  /** @param patience milliseconds from now. */
  constructor(patience: number) {
    this.#end = performance.now() + patience;
  }

  /** Milliseconds; 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  get hasPassed(): boolean {
    return this.left === 0;
  }

  /** Pauses between two polls. */
  async pause(): Promise<void> {
    await setTimeout(Math.min(POLLING, this.left));
  }
}

/** Milliseconds. */
const POLLING = 25;
