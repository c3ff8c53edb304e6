/** How many recipients of a run have ended how, so far. */
export interface BulkCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Left out because their numbers came before. */
  readonly dropped: number;
  /**
   * Those that a run that was stopped did not get to, and no earlier one had settled. `undefined` while
   * it runs, and where the source cannot tell how many there are: only an array and a `Set` can.
   */
  readonly notAttempted: number | undefined;
}
