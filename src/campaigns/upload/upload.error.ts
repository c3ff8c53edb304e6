/** An upload that cannot be read to its end as what it says it is. The problem never repeats a cell. */
export class UploadError extends Error {
  override readonly name = 'UploadError';

  /** @param line counted from 1. */
  constructor(problem: string, line?: number) {
    super(line === undefined ? problem : `line ${line}: ${problem}`);
  }
}
