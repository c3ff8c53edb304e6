/** One answer for everybody who asks within a while, and one question for those who ask at once. */
export class SharedAnswer<T> {
  #answer: Promise<T> | undefined;
  #until = Infinity;

  /**
   * @param ask makes the answer; a failure of it is told to those who wait, and not kept.
   * @param keepFor milliseconds from when the answer is there.
   * @param now milliseconds of a clock that only goes forward.
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
