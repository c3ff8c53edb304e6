/** Caches a result for a while, and shares one call among concurrent callers. */
export class SharedAnswer<T> {
  #answer: Promise<T> | undefined;
  #until = Infinity;

  /**
   * @param ask computes the result. Its failure is passed to the waiting callers and not cached.
   * @param keepFor milliseconds that a result is kept.
   * @param now a monotonic clock in milliseconds.
   */
  constructor(
    private readonly ask: () => Promise<T>,
    private readonly keepFor: number,
    private readonly now: () => number,
  ) {}

  get(): Promise<T> {
    if (this.#answer !== undefined && this.now() < this.#until) return this.#answer;
    this.#until = Infinity;
    this.#answer = this.#askOnce();
    return this.#answer;
  }

  async #askOnce(): Promise<T> {
    try {
      const answer = await this.ask();
      this.#until = this.now() + this.keepFor;
      return answer;
    } catch (error) {
      this.#answer = undefined;
      throw error;
    }
  }
}
