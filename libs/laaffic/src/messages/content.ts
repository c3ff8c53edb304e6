import type { Issue } from './issue.js';

const MAX_CONTENT = 1024;
const MAX_SENDER_ID = 32;

/**
 * 1 to 1024 characters (vendor page "Sending Messages"). Characters are Unicode code points: an
 * emoji counts once. A lone surrogate is refused, for it has no form on the wire.
 */
export function checkContent(content: unknown): Issue | undefined {
  if (typeof content !== 'string') return { field: 'content', problem: 'must be text' };
  if (content === '') return { field: 'content', problem: 'must not be empty' };
  if (LONE_SURROGATE.test(content))
    return { field: 'content', problem: 'has half of a character pair (a lone surrogate)' };
  return tooLong('content', content, MAX_CONTENT);
}

/** At most 32 characters (vendor page "Sending Messages"); absent and blank both mean none. */
export function checkSenderId(senderId: unknown): Issue | undefined {
  if (senderId === undefined || senderId === null) return undefined;
  if (typeof senderId !== 'string') return { field: 'senderId', problem: 'must be text' };
  return tooLong('senderId', senderId, MAX_SENDER_ID);
}

/** A sender ID that was checked, trimmed; `undefined` for none. */
export function senderIdOf(senderId: unknown): string | undefined {
  return typeof senderId === 'string' && senderId.trim() !== '' ? senderId.trim() : undefined;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

function tooLong(field: string, text: string, limit: number): Issue | undefined {
  // Characters are at most as many as UTF-16 units, and at least half as many: few texts need counting.
  if (text.length <= limit) return undefined;
  const isTooLong = text.length > 2 * limit || Array.from(text).length > limit;
  return isTooLong ? { field, problem: `must have at most ${limit} characters` } : undefined;
}
