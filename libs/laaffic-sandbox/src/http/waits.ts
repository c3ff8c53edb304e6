/** The delays under way, so that closing can end them all. */
export class Waits {
  private readonly timers = new Set<NodeJS.Timeout>();

  after(milliseconds: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      then();
    }, milliseconds);
    this.timers.add(timer);
  }

  cancelAll(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}
