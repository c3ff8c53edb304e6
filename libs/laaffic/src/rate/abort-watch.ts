/** Whom an abort concerns. One listener per signal, for adding one walks along all that a signal has. */
export class AbortWatch<T> {
  readonly #watched = new Map<unknown, Set<T>>();
  readonly #aborted: (concerned: T) => void;

  /** @param aborted called for everybody still watched; it is to call `end`. */
  constructor(aborted: (concerned: T) => void) {
    this.#aborted = aborted;
  }

  begin(signal: AbortSignal, concerned: T): void {
    const all = this.#watched.get(signal);
    if (all !== undefined) {
      all.add(concerned);
      return;
    }
    this.#watched.set(signal, new Set([concerned]));
    signal.addEventListener('abort', this.#listener);
  }

  end(signal: AbortSignal, concerned: T): void {
    const all = this.#watched.get(signal);
    all?.delete(concerned);
    if (all?.size !== 0) return;
    this.#watched.delete(signal);
    signal.removeEventListener('abort', this.#listener);
  }

  readonly #listener = ({ target }: Event): void => {
    this.#watched.get(target)?.forEach(this.#aborted);
  };
}
