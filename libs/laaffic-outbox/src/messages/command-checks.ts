import type { Issue } from 'nestjs-laaffic';
import { LANES, PURPOSES, UNCONFIRMED_ACTIONS } from '../options/outbox.options.js';
import { isRowId } from '../store/order-ids.js';

const MAX_TEXT = 255;

/** The problem with an order id that an outbox made, such as one copied from its results. */
export const MADE_ORDER_ID = 'must be your own: an outbox made this one for another message, so leave it out';

/** Checks an optional idempotency key. */
export function checkKey(key: unknown): Issue[] {
  const isRight =
    key === undefined || (typeof key === 'string' && key !== '' && key.length <= MAX_TEXT && !key.includes('\0'));
  if (isRight) return checkStorable('idempotencyKey', key);
  return [{ field: 'idempotencyKey', problem: `must be text of 1 to ${MAX_TEXT} characters` }];
}

/** Checks an optional reference of the caller. */
export function checkReference(reference: unknown): Issue[] {
  return reference === undefined ? [] : checkText('reference', reference);
}

/** Checks text that is stored and shown again: 1 to 255 characters that the database keeps unchanged. */
export function checkText(field: string, value: unknown): Issue[] {
  const isRight = typeof value === 'string' && value.trim() !== '' && value.length <= MAX_TEXT && !value.includes('\0');
  return isRight ? checkStorable(field, value) : [{ field, problem: `must be text of 1 to ${MAX_TEXT} characters` }];
}

/** Checks the name of a lane. */
export function checkLane(lane: unknown): Issue[] {
  const isRight = (LANES as readonly unknown[]).includes(lane);
  return isRight ? [] : [{ field: 'lane', problem: 'must be priority or bulk' }];
}

/** Checks an optional choice of what happens to recipients that stay unknown. */
export function checkUnconfirmedAction(action: unknown): Issue[] {
  const isRight = action === undefined || (UNCONFIRMED_ACTIONS as readonly unknown[]).includes(action);
  return isRight ? [] : [{ field: 'onUnconfirmed', problem: `must be one of ${UNCONFIRMED_ACTIONS.join(', ')}` }];
}

/** Checks an optional purpose of a message. */
export function checkPurpose(purpose: unknown): Issue[] {
  const isRight = purpose === undefined || (PURPOSES as readonly unknown[]).includes(purpose);
  return isRight ? [] : [{ field: 'purpose', problem: `must be one of ${PURPOSES.join(', ')}` }];
}

/**
 * Checks which page of a list to read.
 * @param what the entries: `an event`, `a push`.
 */
export function checkPage(page: { before: string | undefined; limit: number }, largest: number, what: string): Issue[] {
  const { before, limit } = page;
  const isBefore = before === undefined || isRowId(before);
  const isLimit = Number.isInteger(limit) && limit >= 1 && limit <= largest;
  return [
    ...(isBefore ? [] : [{ field: 'before', problem: `must be the id of ${what}` }]),
    ...(isLimit ? [] : [{ field: 'limit', problem: `must be a whole number from 1 to ${largest}` }]),
  ];
}

/** The database has no year 0, and does not read the ISO form of years before it or after 9999. */
const [FIRST_INSTANT, LAST_INSTANT] = [Date.parse('0001-01-01T00:00:00Z'), Date.parse('9999-12-31T23:59:59.999Z')];

/** Checks an optional point in time that the database can store. */
export function checkDate(field: string, date: unknown): Issue[] {
  if (date === undefined) return [];
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) return [{ field, problem: 'must be a valid Date' }];
  const isKept = date.getTime() >= FIRST_INSTANT && date.getTime() <= LAST_INSTANT;
  return isKept ? [] : [{ field, problem: 'must be in the years 1 to 9999' }];
}

/** Checks an optional period: at `from` or later, and before `to`. */
export function checkPeriod(from: unknown, to: unknown): Issue[] {
  const issues = [...checkDate('from', from), ...checkDate('to', to)];
  const isWrong = issues.length === 0 && from instanceof Date && to instanceof Date && to <= from;
  return isWrong ? [{ field: 'to', problem: 'must be after from' }] : issues;
}

/** How far the clocks of the caller and of this process may differ, in milliseconds. */
const CLOCK_TOLERANCE = 5 * 60_000;

/**
 * Rejects a `sendAt` that is long past. The caller meant another day, or is too late. A time just past counts as now.
 */
export function checkNotOver(sendAt: unknown, now: number): Issue[] {
  if (!(sendAt instanceof Date) || checkDate('', sendAt).length > 0) return [];
  if (sendAt.getTime() >= now - CLOCK_TOLERANCE) return [];
  return [{ field: 'sendAt', problem: 'is more than 5 minutes in the past: give a later time' }];
}

/** Checks that there is time to send the message. */
export function checkOrder(sendAt: unknown, sendBefore: unknown): Issue[] {
  if (checkDate('', sendAt).length > 0 || checkDate('', sendBefore).length > 0) return [];
  const isWrong = sendAt instanceof Date && sendBefore instanceof Date && sendBefore <= sendAt;
  return isWrong ? [{ field: 'sendBefore', problem: 'must be after sendAt' }] : [];
}

/** Checks whether a message can be sealed as its caller wants. */
export function checkSealed(sealed: unknown, { isEmpty }: { readonly isEmpty: boolean }): Issue[] {
  if (typeof sealed !== 'boolean') return [{ field: 'sealed', problem: 'must be true or false' }];
  return sealed && isEmpty ? [{ field: 'sealed', problem: 'needs sealKeys in the options of the outbox' }] : [];
}

/** Checks how many milliseconds a caller waits. */
export function checkTimeout(timeoutMs: unknown): Issue[] {
  const isRight = typeof timeoutMs === 'number' && timeoutMs >= 0;
  return isRight ? [] : [{ field: 'timeoutMs', problem: 'must be a number of milliseconds, 0 or more' }];
}

/** Checks that the database stores the text unchanged. */
export function checkStorable(field: string, text: string | undefined): Issue[] {
  const isRight = text === undefined || !/\0|\p{Surrogate}/u.test(text);
  return isRight ? [] : [{ field, problem: 'must not contain the character 0 or half of a surrogate pair' }];
}
