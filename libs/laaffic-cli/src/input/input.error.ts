import { UsageError } from '../usage.error.js';

/** An input that cannot be read to its end as what it seems to be. */
export class InputError extends UsageError {
  override readonly name = 'InputError';

  /** @param line counted from 1. */
  constructor(problem: string, line?: number) {
    super(line === undefined ? problem : `line ${line}: ${problem}`);
  }
}
