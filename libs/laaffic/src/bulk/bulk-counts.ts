/** How many recipients of a run have ended how, so far. */
export interface BulkCounts {
  readonly accepted: number;
  readonly rejected: number;
  readonly unknown: number;
  /** Left out because their numbers came before. */
  readonly dropped: number;
  /**
   * Those that a run that was stopped did not get to. `undefined` while it runs, and where the source
   * cannot tell how many there are: only an array, a `Set` and a `Map` can.
   */
  readonly notAttempted: number | undefined;
}
