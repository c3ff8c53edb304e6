/** A file that is no journal of a bulk run. */
export class JournalError extends Error {
  override readonly name = 'JournalError';
  readonly code = 'LAAFFIC_JOURNAL_UNREADABLE';

  /** @param line counted from 1. */
  constructor(
    readonly path: string,
    readonly line: number,
  ) {
    super(
      `Line ${line} of ${path} is no line of a journal. Give the journal of this run, or another path to begin one.`,
    );
  }
}
