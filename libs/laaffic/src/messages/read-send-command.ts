import { checkContent, checkSenderId, senderIdOf } from './content.js';
import type { Issue } from './issue.js';
import { readRecipients, type Recipient } from './recipients.js';

/** A send command that was checked. */
export interface CheckedSms {
  readonly recipients: readonly Recipient[];
  readonly content: string;
  /** Trimmed; `undefined` if none was given, or a blank one. */
  readonly senderId: string | undefined;
}

/**
 * Checks a send command, whoever made it, by the rules of `SendSmsCommand`.
 * @param limit how many recipients the request may have.
 * @param makeOrderId makes the order id of a recipient without one, from its position.
 * @returns the checked command, or everything that is wrong with it.
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
