/** Where somebody stands in a line. */
export interface Place<T> {
  readonly holder: T;
  ahead: Place<T> | undefined;
  behind: Place<T> | undefined;
}

/** First come, first served; and anybody may leave from anywhere, however long the line is. */
export class Line<T> {
  #first: Place<T> | undefined;
  #last: Place<T> | undefined;

  get first(): T | undefined {
    return this.#first?.holder;
  }

  join(holder: T): Place<T> {
    const place: Place<T> = { holder, ahead: this.#last, behind: undefined };
    if (this.#last === undefined) this.#first = place;
    else this.#last.behind = place;
    this.#last = place;
    return place;
  }

  /** @param place in this line, not left before. */
  leave({ ahead, behind }: Place<T>): void {
    if (ahead === undefined) this.#first = behind;
    else ahead.behind = behind;
    if (behind === undefined) this.#last = ahead;
    else behind.ahead = ahead;
  }
}
