import type { AcceptedMessage } from '../ledger/accepted.message.js';
import type { RecordedRequest } from '../ledger/recorded.request.js';
import type { RefusedRequest } from '../ledger/refused.request.js';
import type { RecordedPush } from '../push/recorded.push.js';
import { singleLine } from './single-line.js';

/** Lines for people. Each event is one line, whatever others wrote; none has a secret. */
export class TextLog {
  constructor(private readonly redact: (text: string) => string) {}

  listening(url: string, version: string): string {
    return `laaffic-sandbox ${version} at ${url}`;
  }

  /** One line for each message, and one for a call that was refused, in part or whole, or met a fault. */
  call(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
    const lines = accepted.map((message) => this.message(message));
    const trouble = troubleOf(request);
    return trouble === null ? lines : [...lines, `${time(request.at)} ${this.plain(trouble)}`];
  }

  push({ kind, url, body, outcome, attempts }: RecordedPush): string {
    const { at, http, error } = attempts.at(-1) ?? { at: 0, http: null, error: null };
    const said = error ?? `HTTP ${http ?? 'none'}`;
    const msgid = typeof body['msgid'] === 'string' ? ` ${body['msgid']}` : '';
    return this.plain(`${time(at)} push ${kind}${msgid} to ${url} ${outcome}: ${said}`);
  }

  /** @param at milliseconds since 1970 */
  refused({ method, path, http, message }: RefusedRequest, at: number): string {
    return this.plain(`${time(at)} HTTP ${http} to ${method} ${path}: ${message}`);
  }

  private message({ at, msgId, number, senderId, content, segments }: AcceptedMessage): string {
    const sender = senderId === null ? '' : ` from ${this.quoted(senderId)}`;
    const parts = `${segments} segment${segments === 1 ? '' : 's'}`;
    return `${time(at)} ${msgId} ${this.plain(number)}${sender} ${this.quoted(content)} ${parts}`;
  }

  private plain(text: string): string {
    return singleLine(this.redact(text));
  }

  private quoted(text: string): string {
    return singleLine(JSON.stringify(this.redact(text)));
  }
}

/** The same as JSON Lines. */
export class JsonLog {
  constructor(private readonly redact: (text: string) => string) {}

  listening(url: string): string {
    return this.line('listening', { url });
  }

  call(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
    const lines = accepted.map((message) => this.line('message', message));
    if (troubleOf(request) === null) return lines;
    const { id, at, method, path, outcome, http, status, reason, why, fault } = request;
    const call = { id, at, method, path, outcome, http, status, reason, why, fault, accepted: accepted.length };
    return [...lines, this.line('call', call)];
  }

  push(push: RecordedPush): string {
    return this.line('push', push);
  }

  /** @param at milliseconds since 1970 */
  refused(request: RefusedRequest, at: number): string {
    return this.line('refused', { at, ...request });
  }

  private line(event: string, fields: object): string {
    const text = JSON.stringify({ event, ...fields }, (_, value: unknown) =>
      typeof value === 'string' ? this.redact(value) : value,
    );
    return singleLine(text);
  }
}

function troubleOf({ outcome, http, status, reason, why, fault }: RecordedRequest): string | null {
  const said = status === null ? `HTTP ${http ?? 'none'}` : `status ${status} ${reason ?? ''}`;
  const end = outcome === 'answered' ? said : outcome;
  if (fault !== null) return `${end}: fault ${fault}`;
  if (why !== null) return `${end}: ${why}`;
  return end === said && status === '0' ? null : end;
}

function time(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
