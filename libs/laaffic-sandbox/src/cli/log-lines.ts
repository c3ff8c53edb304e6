import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { RecordedRequest } from '../ledger/recorded.request.js';
import type { RecordedPush } from '../push/recorded.push.js';

/** One line for each message, and one for a call that was refused, in part or whole, or met a fault. */
export function textLines(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
  const lines = accepted.map(messageLine);
  const trouble = troubleOf(request);
  return trouble === null ? lines : [...lines, `${time(request.at)} ${trouble}`];
}

export function jsonLines(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
  const lines = accepted.map((message) => JSON.stringify({ event: 'message', ...message }));
  if (troubleOf(request) === null) return lines;
  const { id, at, method, path, outcome, http, status, reason, why, fault } = request;
  const call = { id, at, method, path, outcome, http, status, reason, why, fault, accepted: accepted.length };
  return [...lines, JSON.stringify({ event: 'call', ...call })];
}

export function textPushLine({ kind, url, body, outcome, attempts }: RecordedPush): string {
  const { at, http, error } = attempts.at(-1) ?? { at: 0, http: null, error: null };
  const said = error === null ? `HTTP ${http ?? 'none'}` : plain(error);
  const msgid = typeof body['msgid'] === 'string' ? ` ${body['msgid']}` : '';
  return `${time(at)} push ${kind}${msgid} to ${plain(url)} ${outcome}: ${said}`;
}

export function jsonPushLine(push: RecordedPush): string {
  return JSON.stringify({ event: 'push', ...push });
}

function messageLine({ at, msgId, number, senderId, content, segments }: AcceptedMessage): string {
  const sender = senderId === null ? '' : ` from ${quoted(senderId)}`;
  return `${time(at)} ${msgId} ${number}${sender} ${quoted(content)} ${segments} segment${segments === 1 ? '' : 's'}`;
}

function troubleOf({ outcome, http, status, reason, why, fault }: RecordedRequest): string | null {
  const said = status === null ? `HTTP ${http ?? 'none'}` : `status ${status} ${plain(reason ?? '')}`;
  const end = outcome === 'answered' ? said : outcome;
  if (fault !== null) return `${end}: fault ${fault}`;
  if (why !== null) return `${end}: ${plain(why)}`;
  return end === said && status === '0' ? null : end;
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** On one line and without control characters: a content must not write to the terminal. */
function plain(text: string): string {
  return quoted(text).slice(1, -1).replaceAll('\\"', '"');
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
