import type { Issue } from './issue.js';

const MESSAGE_ID = /^\d{1,32}$/;

/** Checks message ids: digits as text, for as numbers they would have lost some. */
export function readMessageIds(msgIds: unknown): { msgIds: readonly string[] } | { issues: readonly Issue[] } {
  if (!Array.isArray(msgIds)) return { issues: [{ field: 'msgIds', problem: 'must be a list of message ids' }] };
  const list: readonly unknown[] = msgIds;
  const issues = list.flatMap((msgId, index) =>
    typeof msgId === 'string' && MESSAGE_ID.test(msgId)
      ? []
      : [{ field: `msgIds[${index}]`, problem: 'must be a message id: digits, as text' }],
  );
  return issues.length > 0 ? { issues } : { msgIds: list as readonly string[] };
}
