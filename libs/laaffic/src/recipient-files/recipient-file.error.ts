/**
 * A file that cannot be read to its end, or leaves a choice open. The message never contains a cell with a number.
 * @example
 * if (error instanceof RecipientFileError && error.choice === 'numberColumn') showColumnPicker(error.message);
 */
export class RecipientFileError extends Error {
  override readonly name = 'RecipientFileError';
  readonly code = 'LAAFFIC_UNREADABLE_FILE';
  /** The line with the problem, counted from 1; `undefined` if it is the whole file. */
  readonly line: number | undefined;
  /** The option to set, if the file leaves a choice open. */
  readonly choice: 'numberColumn' | 'orderIdColumn' | undefined;

  constructor(problem: string, line?: number, choice?: 'numberColumn' | 'orderIdColumn') {
    super(line === undefined ? problem : `line ${line}: ${problem}`);
    this.line = line;
    this.choice = choice;
  }
}
