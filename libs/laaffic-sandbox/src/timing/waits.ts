/** The delays under way, so that closing can end them all. */
export class Waits {
  private readonly timers = new Set<NodeJS.Timeout>();
  private ended = false;

  /** Returns what calls it off. */
  after(milliseconds: number, then: () => void): () => void {
    if (this.ended) return () => undefined;
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, milliseconds);
    this.timers.add(timer);
    return () => {
      clearTimeout(timer);
      this.timers.delete(timer);
    };
  }

  /** Nothing is waited for afterwards either. */
  cancelAll(): void {
    this.ended = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
