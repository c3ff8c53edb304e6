/** Maps the positions of recipients to lines of the input. It stays small while each line is one row. */
export class LineIndex {
  /** The positions where the distance between position and line changes, in ascending order. */
  #changes: { readonly position: number; readonly distance: number }[] = [];

  /** Records the line of a position. Call it for each position in ascending order. */
  add(position: number, line: number): void {
    const distance = line - position;
    if (this.#changes.at(-1)?.distance !== distance) this.#changes.push({ position, distance });
  }

  lineOf(position: number): number | undefined {
    const change = this.#changes.findLast((one) => one.position <= position);
    return change === undefined ? undefined : position + change.distance;
  }

  /** Frees the memory of earlier positions. */
  forgetBefore(position: number): void {
    const last = this.#changes.findLastIndex((one) => one.position <= position);
    if (last > 0) this.#changes = this.#changes.slice(last);
  }
}
