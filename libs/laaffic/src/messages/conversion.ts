import type { Issue } from './issue.js';
import { normalizeNumber, numberProblem } from './phone-number.js';
import { readInstant } from './time-range.js';

/** A one-time password that was used. */
export interface ConversionInput {
  /** The recipient: a number with country code. */
  readonly number: string;
  /** The id of the message with the password, if you know it. */
  readonly msgId?: string | undefined;
  /** When it was used: a `Date`, or ISO 8601 with an offset. */
  readonly at: Date | string;
}

const MESSAGE_ID = /^\d{1,32}$/;
const MESSAGE_ID_PROBLEM = 'must be a message id: digits, as text';

/** Checks a conversion. @returns the checked conversion, or all of its problems. */
export function readConversion(
  conversion: unknown,
): { number: string; msgId: string | undefined; at: Date } | { issues: readonly Issue[] } {
  const { number: given, msgId, at: when } = (conversion ?? {}) as Record<keyof ConversionInput, unknown>;
  const number = typeof given === 'string' ? normalizeNumber(given) : undefined;
  const at = readInstant(when);
  const issues: Issue[] = [];
  if (number === undefined) issues.push({ field: 'number', problem: numberProblem(given) });
  if (msgId !== undefined && !isMessageId(msgId)) issues.push({ field: 'msgId', problem: MESSAGE_ID_PROBLEM });
  if (at === undefined) issues.push({ field: 'at', problem: 'must be a Date, or ISO 8601 with an offset' });
  if (number === undefined || at === undefined || issues.length > 0) return { issues };
  return { number, msgId: msgId as string | undefined, at };
}

/** Checks message ids. They are digits as text, because a JavaScript number would lose some of the digits. */
export function readMessageIds(msgIds: unknown): { msgIds: readonly string[] } | { issues: readonly Issue[] } {
  if (!Array.isArray(msgIds)) return { issues: [{ field: 'msgIds', problem: 'must be a list of message ids' }] };
  const list: readonly unknown[] = msgIds;
  const issues = list.flatMap((msgId, index) =>
    isMessageId(msgId) ? [] : [{ field: `msgIds[${index}]`, problem: MESSAGE_ID_PROBLEM }],
  );
  return issues.length > 0 ? { issues } : { msgIds: list as readonly string[] };
}

function isMessageId(msgId: unknown): msgId is string {
  return typeof msgId === 'string' && MESSAGE_ID.test(msgId);
}
