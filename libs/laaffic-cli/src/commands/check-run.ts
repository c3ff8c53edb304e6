import type { BulkMessage, BulkOptions, SmsService } from 'nestjs-laaffic';
import { refusedInput } from './refused-input.js';

/** Has the module check message and options, before a journal is begun. @throws {UsageError} */
export function checkRun(sms: SmsService, message: BulkMessage, options: BulkOptions = {}): void {
  try {
    sms.sendBulk([], message, options);
  } catch (error) {
    throw refusedInput(error) ?? error;
  }
}
