/** Wakes all that wait, once for any number of calls. */
export class Signal {
  #wake!: () => void;
  #woken!: Promise<void>;

  constructor() {
    this.#renew();
  }

  /** Resolves at the next call of `notify`. */
  next(): Promise<void> {
    return this.#woken;
  }

  notify(): void {
    const wake = this.#wake;
    this.#renew();
    wake();
  }

  /** Waits for a call, but not longer than this many milliseconds. */
  async wait(next: Promise<void>, milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([next, over]);
    clearTimeout(timer);
  }

  #renew(): void {
    this.#woken = new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
