import { OutboxError } from 'nestjs-laaffic-outbox';

/** A failure to read what was changed a moment before: the change is made. */
export function doneBefore({ code, message, cause }: OutboxError): OutboxError {
  return new OutboxError(code, `It was done, and cannot be shown: ${message}`, { cause, outcome: 'unknown' });
}
