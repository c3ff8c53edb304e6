/** The end of a call that may take several attempts. */
export class Deadline {
  readonly #end: number;

  /** @param timeout milliseconds from now. */
  constructor(timeout: number) {
    this.#end = performance.now() + timeout;
  }

  /** Whole milliseconds left, never negative. */
  remaining(): number {
    return Math.max(0, Math.ceil(this.#end - performance.now()));
  }
}
