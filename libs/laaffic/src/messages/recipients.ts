import type { Issue } from './issue.js';
import { normaliseNumber } from './phone-number.js';

/** A recipient as callers may write it: a number, or a number with the caller's own order id. */
export type RecipientInput = string | { readonly number: string; readonly orderId?: string | undefined };

/** A recipient ready for the gateway. */
export interface Recipient {
  /** Country code and subscriber number, digits only. */
  readonly number: string;
  /** The caller's id, or one that was made for it; unique within a request. */
  readonly orderId: string;
}

/**
 * What a caller's own order id becomes in a request, which may have each only once: itself, another, or a problem.
 * @param field the recipient's name in issues; `index` its position.
 */
export type OwnOrderIds = (orderId: string, field: string, index: number) => string | Issue;

/** Each order id has to be another, as in a list that a program makes. */
export function refusingRepeats(): OwnOrderIds {
  const firstWith = new Map<string, string>();
  return (orderId, field) => {
    const first = firstWith.get(orderId);
    if (first !== undefined) return { field: `${field}.orderId`, problem: `repeats that of ${first}` };
    firstWith.set(orderId, field);
    return orderId;
  };
}

/** Whoever has an order id that came before in the request goes with a made one: a file may have `N/A` in each row. */
export function replacingRepeats(makeOrderId: (index: number) => string): OwnOrderIds {
  const seen = new Set<string>();
  return (orderId, _, index) => {
    const before = seen.size;
    return seen.add(orderId).size > before ? orderId : makeOrderId(index);
  };
}

/** The gateway takes 1,000 numbers in a POST and 100 in a GET (vendor page "Sending Messages"). */
export const MAX_RECIPIENTS = { POST: 1000, GET: 100 } as const;

const ORDER_ID = /^[^\s,\p{C}]{1,64}$/u;

/**
 * Checks a list of recipients and brings it into the gateway's form, in one pass.
 * @param to whatever the caller gave: one {@link RecipientInput} or a list of them.
 * @param limit how many recipients the request may have.
 * @param makeOrderId makes the id of a recipient that came without one, from its position.
 * @param ownOrderIds what becomes of the callers' own. @default those that repeat are refused
 * @returns the recipients in the order given, without those that have an entry in `issues`.
 */
export function readRecipients(
  to: unknown,
  limit: number,
  makeOrderId: (index: number) => string,
  ownOrderIds: OwnOrderIds = refusingRepeats(),
): { recipients: Recipient[]; issues: Issue[] } {
  const recipients: Recipient[] = [];
  const issues: Issue[] = [];
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  if (list.length === 0 || list.length > limit) {
    issues.push({ field: 'to', problem: `must name 1 to ${limit} recipients in one request, not ${list.length}` });
    return { recipients, issues };
  }
  for (let index = 0; index < list.length; index++) {
    const field = Array.isArray(to) ? `to[${index}]` : 'to';
    const recipient = readRecipient(list[index], field, index, makeOrderId, ownOrderIds);
    if ('problem' in recipient) issues.push(recipient);
    else recipients.push(recipient);
  }
  return { recipients, issues };
}

/**
 * Checks one recipient.
 * @param field its name in issues: `to[2]`.
 * @param index its position among those that `makeOrderId` makes ids for.
 */
export function readRecipient(
  entry: unknown,
  field: string,
  index: number,
  makeOrderId: (index: number) => string,
  ownOrderIds: OwnOrderIds,
): Recipient | Issue {
  if (typeof entry === 'string') {
    const number = normaliseNumber(entry);
    return number === undefined ? notANumber(field) : { number, orderId: makeOrderId(index) };
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { field, problem: 'must be a phone number as text, or an object { number, orderId }' };
  }
  const { number: text, orderId } = entry as { number?: unknown; orderId?: unknown };
  const number = typeof text === 'string' ? normaliseNumber(text) : undefined;
  if (number === undefined) return notANumber(`${field}.number`);
  if (orderId === undefined || orderId === null) return { number, orderId: makeOrderId(index) };
  if (typeof orderId !== 'string' || !ORDER_ID.test(orderId)) {
    const problem = 'must be text of 1 to 64 characters without commas, blanks or control characters';
    return { field: `${field}.orderId`, problem };
  }
  const own = ownOrderIds(orderId, field, index);
  return typeof own === 'string' ? { number, orderId: own } : own;
}

function notANumber(field: string): Issue {
  return { field, problem: 'must be a phone number with country code, 7 to 15 digits' };
}
