/** The running timers of a sandbox. Closing it cancels all of them. */
export class Timers {
  readonly #timers = new Set<NodeJS.Timeout>();
  #isClosed = false;

  /** Returns a function that cancels the timer. */
  after(ms: number, then: () => void): () => void {
    if (this.#isClosed) return () => undefined;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      then();
    }, ms);
    this.#timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.#timers.delete(timer);
    };
  }

  /** Cancels all timers. No timer starts afterwards. */
  close(): void {
    this.#isClosed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
