/** A row is longer, in characters, only where something is wrong: a quote that is not closed, a file of another kind. */
export const LONGEST_ROW = 65_536;
