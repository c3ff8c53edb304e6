import type { RecipientInput } from 'nestjs-laaffic';

/** One recipient of an input, as it is written there. */
export interface Row {
  readonly recipient: RecipientInput;
  /** Where it ends, counted from 1. */
  readonly line: number;
}

/** A row is longer only where something is wrong: a quote that is not closed, a file of another kind. */
export const LONGEST_ROW = 65_536;
