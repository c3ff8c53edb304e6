import type { Issue } from './issue.js';
import { readRecipients, type Recipient, type RecipientInput } from './recipients.js';

/** One text for one or many recipients, as `SmsService.send` takes it. */
export interface SendSms {
  /** A number with country code, a `{ number, orderId }`, or a list of either. */
  readonly to: RecipientInput | readonly RecipientInput[];
  /** The text, 1 to 1024 characters. */
  readonly content: string;
  /**
   * The sender's number or name, at most 32 characters.
   * @default the module's `senderId`, otherwise the application's own
   */
  readonly senderId?: string | undefined;
}

/** A checked send command. */
export interface CheckedSms {
  readonly recipients: readonly Recipient[];
  readonly content: string;
  /** Trimmed; `undefined` if it was missing or blank. */
  readonly senderId: string | undefined;
}

/** The most characters of a text (vendor page "Sending Messages"). */
export const MAX_CONTENT = 1024;
/** The most characters of a sender (vendor page "Sending Messages"). */
export const MAX_SENDER_ID = 32;

const LONE_SURROGATE = /\p{Surrogate}/u;
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/**
 * Checks a send command from any source, by the rules of `SendSmsCommand`.
 * @param limit how many recipients the request may have.
 * @param makeOrderId generates the order id of a recipient without one, from its position.
 * @returns the checked command, or all of its problems.
 * @example
 * const read = readSendCommand(body, 1000, () => randomUUID());
 * if ('issues' in read) throw invalidCommand(read.issues);
 */
export function readSendCommand(
  command: unknown,
  limit: number,
  makeOrderId: (index: number) => string,
): { sms: CheckedSms } | { issues: readonly Issue[] } {
  const { to, content, senderId } = (command ?? {}) as { to?: unknown; content?: unknown; senderId?: unknown };
  const { recipients, issues } = readRecipients(to, limit, makeOrderId);
  const problems = [...issues, checkContent(content), checkSenderId(senderId)].filter((issue) => issue !== undefined);
  if (problems.length > 0) return { issues: problems };
  return { sms: { recipients, content: content as string, senderId: senderIdOf(senderId) } };
}

/**
 * Checks the messages of one batch, each by the rules of a send command. Order ids must be unique in the whole batch,
 * because the response identifies messages by nothing else.
 * @param limit how many recipients the batch may have in all.
 * @param makeOrderId generates the order id of a recipient without one, from its position in the batch.
 */
export function readBatch(
  messages: unknown,
  limit: number,
  makeOrderId: (index: number) => string,
): { messages: readonly CheckedSms[] } | { issues: readonly Issue[] } {
  if (!Array.isArray(messages) || messages.length === 0) {
    return { issues: [{ field: 'messages', problem: 'must be a list of at least one message' }] };
  }
  const list: readonly unknown[] = messages;
  const issues: Issue[] = [];
  const checked: CheckedSms[] = [];
  const firstWithOrderId = new Map<string, string>();
  let recipients = 0;
  for (const [index, message] of list.entries()) {
    const before = recipients;
    const read = readSendCommand(message, limit, (position) => makeOrderId(before + position));
    const path = `messages[${index}]`;
    if ('issues' in read) {
      issues.push(...read.issues.map(({ field, problem }) => ({ field: `${path}.${field}`, problem })));
      continue;
    }
    for (const { orderId } of read.sms.recipients) {
      const first = firstWithOrderId.get(orderId);
      if (first !== undefined) issues.push({ field: path, problem: `repeats an orderId of ${first}` });
      firstWithOrderId.set(orderId, path);
    }
    checked.push(read.sms);
    recipients += read.sms.recipients.length;
  }
  if (recipients > limit) {
    issues.push({ field: 'messages', problem: `must have at most ${limit} recipients in all, not ${recipients}` });
  }
  return issues.length > 0 ? { issues } : { messages: checked };
}

/**
 * Checks that a text has 1 to 1024 characters. Characters are Unicode code points, so an emoji counts once. A lone
 * surrogate is rejected because it cannot be written as UTF-8.
 */
export function checkContent(content: unknown): Issue | undefined {
  if (typeof content !== 'string') return { field: 'content', problem: 'must be text' };
  if (content === '') return { field: 'content', problem: 'must not be empty' };
  return checkSurrogates('content', content) ?? checkLength('content', content, MAX_CONTENT);
}

/**
 * Checks that a sender has at most 32 characters, without the blanks around them, and no line end or other control
 * character. Missing and blank are valid: there is no sender then.
 */
export function checkSenderId(senderId: unknown): Issue | undefined {
  if (senderId === undefined || senderId === null) return undefined;
  if (typeof senderId !== 'string') return { field: 'senderId', problem: 'must be text' };
  const trimmed = senderId.trim();
  if (CONTROL.test(trimmed)) return { field: 'senderId', problem: 'has a line end or another control character' };
  return checkSurrogates('senderId', trimmed) ?? checkLength('senderId', trimmed, MAX_SENDER_ID);
}

/** Trims a checked sender. @returns `undefined` if it is missing or blank. */
export function senderIdOf(senderId: unknown): string | undefined {
  return typeof senderId === 'string' && senderId.trim() !== '' ? senderId.trim() : undefined;
}

function checkSurrogates(field: string, text: string): Issue | undefined {
  return LONE_SURROGATE.test(text) ? { field, problem: 'has half of a character pair (a lone surrogate)' } : undefined;
}

function checkLength(field: string, text: string, limit: number): Issue | undefined {
  // A text has at most as many characters as UTF-16 units, and at least half as many, so few texts need counting.
  if (text.length <= limit) return undefined;
  const isTooLong = text.length > 2 * limit || Array.from(text).length > limit;
  return isTooLong ? { field, problem: `must have at most ${limit} characters` } : undefined;
}
