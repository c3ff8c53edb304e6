/** Which line a position of the input is on; small as long as rows are lines. */
export class LineIndex {
  /** Where the distance between position and line changes, in order. */
  #changes: { readonly position: number; readonly distance: number }[] = [];

  /** To be called for each position in turn. */
  add(position: number, line: number): void {
    const distance = line - position;
    if (this.#changes.at(-1)?.distance !== distance) this.#changes.push({ position, distance });
  }

  lineOf(position: number): number | undefined {
    const change = this.#changes.findLast((one) => one.position <= position);
    return change === undefined ? undefined : position + change.distance;
  }

  /** Forgets what lies before a position. */
  forgetBefore(position: number): void {
    const last = this.#changes.findLastIndex((one) => one.position <= position);
    if (last > 0) this.#changes = this.#changes.slice(last);
  }
}
