import { LaafficInputException } from 'nestjs-laaffic';
import { UsageError } from '../usage.error.js';

/** What the module refused before anything left this machine, as a wrong call; `undefined` for everything else. */
export function refusedInput(error: unknown): UsageError | undefined {
  const isOurs = error instanceof LaafficInputException && error.issues.length > 0;
  return isOurs ? new UsageError(error.message) : undefined;
}
