import type { Issue } from 'nestjs-laaffic';

const MAX_TEXT = 255;

/** What is wrong with an order id that came out of an outbox, as in its results. */
export const MADE_ORDER_ID = 'must be your own: an outbox has made this one for another message, so leave it out';

/** Text that people or programs name things with: 1 to 255 characters. */
export function checkName(field: string, value: unknown): Issue[] {
  const isRight = typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT && !value.includes('\0');
  return isRight ? [] : [{ field, problem: `must be text of 1 to ${MAX_TEXT} characters` }];
}

/** An idempotency key, or none. */
export function checkKey(key: unknown): Issue[] {
  const isRight =
    key === undefined || (typeof key === 'string' && key !== '' && key.length <= MAX_TEXT && !key.includes('\0'));
  return isRight ? [] : [{ field: 'idempotencyKey', problem: `must be text of 1 to ${MAX_TEXT} characters` }];
}

/** The caller's own handle of a message, or none. */
export function checkReference(reference: unknown): Issue[] {
  if (reference === undefined) return [];
  const issues = checkName('reference', reference);
  return issues.length > 0 ? issues : checkStorable('reference', reference as string);
}

/** The database has no year 0, and reads no other form of the years before it and beyond 9999. */
const [FIRST_INSTANT, LAST_INSTANT] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** A point in time that the database can keep, or none. */
export function checkDate(field: string, date: unknown): Issue[] {
  if (date === undefined) return [];
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return [{ field, problem: 'must be a valid Date' }];
  const isKept = date.getTime() >= FIRST_INSTANT && date.getTime() <= LAST_INSTANT;
  return isKept ? [] : [{ field, problem: 'must be in the years 1 to 9999' }];
}

/** Milliseconds by which the clocks of those who ask and of those who answer may differ. */
const CLOCK_TOLERANCE = 5 * 60_000;

/** A time to send at that is long over: whoever gives it means another day, or asks too late. Just over is now. */
export function checkNotOver(sendAt: unknown, now: number): Issue[] {
  if (!(sendAt instanceof Date) || checkDate('', sendAt).length > 0) return [];
  if (sendAt.getTime() >= now - CLOCK_TOLERANCE) return [];
  return [{ field: 'sendAt', problem: 'is over for more than 5 minutes: ask for now, or give a time to come' }];
}

/** A message has to have time to be sent in. */
export function checkOrder(sendAt: unknown, sendBefore: unknown): Issue[] {
  if (checkDate('', sendAt).length > 0 || checkDate('', sendBefore).length > 0) return [];
  const isWrong = sendAt instanceof Date && sendBefore instanceof Date && sendBefore <= sendAt;
  return isWrong ? [{ field: 'sendBefore', problem: 'must be after sendAt' }] : [];
}

/** For how many milliseconds a caller waits. */
export function checkTimeout(timeout: unknown): Issue[] {
  const isRight = typeof timeout === 'number' && timeout >= 0;
  return isRight ? [] : [{ field: 'timeout', problem: 'must be a number of milliseconds, 0 or more' }];
}

/** A text that the database keeps as it is. */
export function checkStorable(field: string, text: string | undefined): Issue[] {
  const isRight = text === undefined || !/\0|\p{Surrogate}/u.test(text);
  return isRight ? [] : [{ field, problem: 'must not have the character 0, or half of a character pair' }];
}
