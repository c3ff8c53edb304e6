/** A recipient as it is written in a file, or a row that is not a recipient: `problem` says why. */
export type FileRecipient =
  | { readonly number: string; readonly orderId?: string | undefined; readonly line: number; readonly input?: string }
  | { readonly problem: string; readonly orderId?: string | undefined; readonly line: number; readonly input: string };

/** The most characters of a row. A longer row means that a quote is not closed, or that the file is of another kind. */
export const MAX_ROW_LENGTH = 65536;
/** A longer cell is neither a number nor an order id. */
const MAX_CELL_LENGTH = 256;

/** Shortens a long cell, so that a person can find it. A shortened cell is neither a number nor an order id any more. */
export function truncateCell(text: string): string {
  // A copy, because a slice would keep the whole text in memory.
  return text.length <= MAX_CELL_LENGTH ? text : `${Buffer.from(text.slice(0, MAX_CELL_LENGTH)).toString()}…`;
}
