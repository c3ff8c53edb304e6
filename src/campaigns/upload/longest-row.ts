/** A row is longer, in characters, only where something is wrong: a quote that is not closed, a file of another kind. */
export const LONGEST_ROW = 65_536;

/** A longer cell is neither a number nor an order id. */
const LONGEST_CELL = 256;

/** A cell, or so much of it that a person can find it. What was cut is no number, and no order id, any more. */
export function cutCell(text: string): string {
  // A copy: a slice would keep the whole text in memory.
  return text.length <= LONGEST_CELL ? text : `${Buffer.from(text.slice(0, LONGEST_CELL)).toString()}…`;
}
