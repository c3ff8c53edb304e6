/**
 * Keeps one result for a while, and shares one call among all callers that come at the same time.
 * @example
 * const health = new CachedResult(() => probe(), 30_000);
 * await Promise.all([health.get(), health.get()]); // one probe
 */
export class CachedResult<T> {
  #result: Promise<T> | undefined;
  #expiresAt = Infinity;

  /**
   * @param load loads the result. A failure reaches the callers that wait, and is not kept.
   * @param ttlMs milliseconds from when the result is there.
   */
  constructor(
    private readonly load: () => Promise<T>,
    private readonly ttlMs: number,
  ) {}

  get(): Promise<T> {
    if (this.#result !== undefined && performance.now() < this.#expiresAt) return this.#result;
    this.#expiresAt = Infinity;
    this.#result = this.#loadOnce();
    return this.#result;
  }

  async #loadOnce(): Promise<T> {
    try {
      const result = await this.load();
      this.#expiresAt = performance.now() + this.ttlMs;
      return result;
    } catch (error) {
      this.#result = undefined;
      throw error;
    }
  }
}
