/** Wakes everybody who waits, once for any number of rings. */
export class Bell {
  #ring!: () => void;
  #rung!: Promise<void>;

  constructor() {
    this.#renew();
  }

  /** Resolves at the next ring. */
  next(): Promise<void> {
    return this.#rung;
  }

  ring(): void {
    const ring = this.#ring;
    this.#renew();
    ring();
  }

  /** Waits for a ring, but not longer than this many milliseconds. */
  async wait(rung: Promise<void>, milliseconds: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const over = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds);
    });
    await Promise.race([rung, over]);
    clearTimeout(timer);
  }

  #renew(): void {
    this.#rung = new Promise((resolve) => {
      this.#ring = resolve;
    });
  }
}
