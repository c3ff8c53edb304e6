import type { Issue } from './issue.js';
import { normalizeNumber, numberProblem } from './phone-number.js';

/** A recipient as callers write it: a number, or a number with the caller's own order id. */
export type RecipientInput = string | { readonly number: string; readonly orderId?: string | undefined };

/** A recipient in the gateway's form. */
export interface Recipient {
  /** Country code and subscriber number, digits only. */
  readonly number: string;
  /** The caller's id, or a generated one; unique within a request. */
  readonly orderId: string;
}

/** The gateway accepts 1,000 numbers in a POST and 100 in a GET (vendor page "Sending Messages"). */
export const MAX_RECIPIENTS = { POST: 1000, GET: 100 } as const;

const ORDER_ID = /^[^\s,\p{C}]{1,64}$/u;

/**
 * Whether a text can be the order id of a recipient: 1 to 64 characters without commas, blanks or control characters.
 * @example
 * isOrderId('order-1'); // true
 * isOrderId('order 1'); // false
 */
export function isOrderId(text: string): boolean {
  return ORDER_ID.test(text);
}

/**
 * Decides what to send for a caller's own order id, as a request may have each only once: the id itself, another one, or
 * an issue.
 * @param field the recipient's name in issues.
 * @param index the recipient's position.
 */
export type OrderIdRule = (orderId: string, field: string, index: number) => string | Issue;

/** Reports an order id that came before in the request: a list that a program makes should have none. */
export function rejectRepeatedOrderIds(): OrderIdRule {
  const firstWith = new Map<string, string>();
  return (orderId, field) => {
    const first = firstWith.get(orderId);
    if (first !== undefined) return { field: `${field}.orderId`, problem: `repeats that of ${first}` };
    firstWith.set(orderId, field);
    return orderId;
  };
}

/** Generates another order id for one that came before in the request: a file may have `N/A` in each row. */
export function replaceRepeatedOrderIds(makeOrderId: (index: number) => string): OrderIdRule {
  const seen = new Set<string>();
  return (orderId, _, index) => {
    const sizeBefore = seen.size;
    return seen.add(orderId).size > sizeBefore ? orderId : makeOrderId(index);
  };
}

/**
 * Checks a list of recipients and converts it into the gateway's form, in one pass.
 * @param to one {@link RecipientInput}, a list of them, or anything else that a caller gave.
 * @param limit how many recipients the request may have.
 * @param makeOrderId generates the id of a recipient without one, from its position.
 * @param orderIdRule what happens to the callers' own ids. @default repeated ones are issues
 * @returns the recipients in the order given, without those that have an entry in `issues`.
 * @example
 * const { recipients, issues } = readRecipients(body.to, 1000, () => randomUUID());
 */
export function readRecipients(
  to: unknown,
  limit: number,
  makeOrderId: (index: number) => string,
  orderIdRule: OrderIdRule = rejectRepeatedOrderIds(),
): { recipients: Recipient[]; issues: Issue[] } {
  const recipients: Recipient[] = [];
  const issues: Issue[] = [];
  const list: readonly unknown[] = Array.isArray(to) ? to : [to];
  if (list.length === 0 || list.length > limit) {
    issues.push({ field: 'to', problem: `must have 1 to ${limit} recipients in one request, not ${list.length}` });
    return { recipients, issues };
  }
  for (let index = 0; index < list.length; index++) {
    const field = Array.isArray(to) ? `to[${index}]` : 'to';
    const recipient = readRecipient(list[index], field, index, makeOrderId, orderIdRule);
    if ('problem' in recipient) issues.push(recipient);
    else recipients.push(recipient);
  }
  return { recipients, issues };
}

/**
 * Checks one recipient.
 * @param field its name in issues: `to[2]`.
 * @param index its position, for `makeOrderId`.
 */
export function readRecipient(
  entry: unknown,
  field: string,
  index: number,
  makeOrderId: (index: number) => string,
  orderIdRule: OrderIdRule,
): Recipient | Issue {
  if (typeof entry === 'string') {
    const number = normalizeNumber(entry);
    return number === undefined ? { field, problem: numberProblem(entry) } : { number, orderId: makeOrderId(index) };
  }
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return { field, problem: 'must be a phone number as text, or an object { number, orderId }' };
  }
  const { number: text, orderId } = entry as { number?: unknown; orderId?: unknown };
  const number = typeof text === 'string' ? normalizeNumber(text) : undefined;
  if (number === undefined) return { field: `${field}.number`, problem: numberProblem(text) };
  if (orderId === undefined || orderId === null) return { number, orderId: makeOrderId(index) };
  if (typeof orderId !== 'string' || !isOrderId(orderId)) {
    const problem = 'must be text of 1 to 64 characters without commas, blanks or control characters';
    return { field: `${field}.orderId`, problem };
  }
  const sent = orderIdRule(orderId, field, index);
  return typeof sent === 'string' ? { number, orderId: sent } : sent;
}
