import type { Issue } from './issue.js';
import { normaliseNumber } from './phone-number.js';
import { readMessageIds } from './read-message-ids.js';
import { readInstant } from './time-range.js';

/** An OTP that was used. */
export interface ConversionInput {
  /** Whose it was: a number with country code. */
  readonly number: string;
  /** The message that brought it, if it is known. */
  readonly msgId?: string | undefined;
  /** When it was used: an instant, or ISO 8601 with an offset. */
  readonly at: Date | string;
}

/** Checks a conversion. */
export function readConversion(
  conversion: unknown,
): { number: string; msgId: string | undefined; at: Date } | { issues: readonly Issue[] } {
  const { number: given, msgId, at: when } = (conversion ?? {}) as Record<keyof ConversionInput, unknown>;
  const number = typeof given === 'string' ? normaliseNumber(given) : undefined;
  const at = readInstant(when);
  const issues: Issue[] = [];
  if (number === undefined)
    issues.push({ field: 'number', problem: 'must be a phone number with country code, 7 to 15 digits' });
  if (msgId !== undefined && 'issues' in readMessageIds([msgId])) {
    issues.push({ field: 'msgId', problem: 'must be a message id: digits, as text' });
  }
  if (at === undefined) issues.push({ field: 'at', problem: 'must be a Date, or ISO 8601 with an offset' });
  if (number === undefined || at === undefined || issues.length > 0) return { issues };
  return { number, msgId: msgId as string | undefined, at };
}
