import type { Issue } from './issue.js';
import { readSendCommand, type CheckedSms } from './read-send-command.js';

/**
 * Checks the messages of one batch, each by the rules of a send command. Order ids are unique over
 * the whole batch, for the answer names no message but by them.
 * @param limit how many recipients the batch may have in all.
 * @param makeOrderId makes the order id of a recipient without one, from its position in the batch.
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
