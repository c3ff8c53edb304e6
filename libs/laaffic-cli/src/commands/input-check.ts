import { LaafficInputException, type BulkMessage, type BulkOptions, type SmsService } from 'nestjs-laaffic';
import { UsageError } from '../command.error.js';

/** Turns the module's rejection of an invalid command into a `UsageError`. @returns `undefined` for other errors. */
export function toUsageError(error: unknown): UsageError | undefined {
  // Without issues it is the gateway's rejection, not the module's.
  const isLocal = error instanceof LaafficInputException && error.issues.length > 0;
  return isLocal ? new UsageError(error.message) : undefined;
}

/** Checks message and options before a journal is created. @throws {UsageError} */
export function checkRun(sms: SmsService, message: BulkMessage, options: BulkOptions = {}): void {
  try {
    sms.sendBulk([], message, options);
  } catch (error) {
    throw toUsageError(error) ?? error;
  }
}
