import type { AcceptedMessage, BlockedRequest, RecordedPush, RecordedRequest } from '../history/records.js';

/** Log lines for people. Each event is one line without secrets, whatever clients sent. */
export class TextLog {
  constructor(private readonly redact: (text: string) => string) {}

  listening(url: string, version: string): string {
    return `laaffic-sandbox ${version} at ${url}`;
  }

  /** One line for each message, and one for a request that was rejected, wholly or partly, or met a fault. */
  request(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
    const lines = accepted.map((message) => this.#message(message));
    const problem = problemOf(request);
    return problem === undefined ? lines : [...lines, `${formatTime(request.at)} ${this.#plain(problem)}`];
  }

  push({ kind, url, body, outcome, attempts }: RecordedPush): string {
    const { at, httpStatus, error } = attempts.at(-1) ?? { at: 0, httpStatus: null, error: null };
    const response = error ?? `HTTP ${httpStatus ?? 'none'}`;
    const msgid = typeof body['msgid'] === 'string' ? ` ${body['msgid']}` : '';
    return this.#plain(`${formatTime(at)} push ${kind}${msgid} to ${url} ${outcome}: ${response}`);
  }

  /** @param at milliseconds since 1970. */
  blocked({ method, path, httpStatus, message }: BlockedRequest, at: number): string {
    return this.#plain(`${formatTime(at)} HTTP ${httpStatus} to ${method} ${path}: ${message}`);
  }

  #message({ at, msgId, number, senderId, content, segments }: AcceptedMessage): string {
    const sender = senderId === null ? '' : ` from ${this.#quoted(senderId)}`;
    const count = `${segments} segment${segments === 1 ? '' : 's'}`;
    return `${formatTime(at)} ${msgId} ${this.#plain(number)}${sender} ${this.#quoted(content)} ${count}`;
  }

  #plain(text: string): string {
    return singleLine(this.redact(text));
  }

  #quoted(text: string): string {
    return singleLine(JSON.stringify(this.redact(text)));
  }
}

/** The same events as JSON lines. */
export class JsonLog {
  constructor(private readonly redact: (text: string) => string) {}

  listening(url: string): string {
    return this.#line('listening', { url });
  }

  request(request: RecordedRequest, accepted: readonly AcceptedMessage[]): string[] {
    const lines = accepted.map((message) => this.#line('message', message));
    if (problemOf(request) === undefined) return lines;
    const { id, at, method, path, outcome, httpStatus, status, reason, explanation, fault } = request;
    const response = { outcome, httpStatus, status, reason, explanation, fault, accepted: accepted.length };
    return [...lines, this.#line('request', { id, at, method, path, ...response })];
  }

  push(push: RecordedPush): string {
    return this.#line('push', push);
  }

  /** @param at milliseconds since 1970. */
  blocked(request: BlockedRequest, at: number): string {
    return this.#line('blocked', { at, ...request });
  }

  #line(event: string, fields: object): string {
    const text = JSON.stringify({ event, ...fields }, (_, value: unknown) =>
      typeof value === 'string' ? this.redact(value) : value,
    );
    return singleLine(text);
  }
}

function problemOf(request: RecordedRequest): string | undefined {
  const { outcome, httpStatus, status, reason, explanation, fault } = request;
  const response = status === null ? `HTTP ${httpStatus ?? 'none'}` : `status ${status} ${reason ?? ''}`;
  const end = outcome === 'responded' ? response : outcome;
  if (fault !== null) return `${end}: fault ${fault}`;
  if (explanation !== null) return `${end}: ${explanation}`;
  return end === response && status === '0' ? undefined : end;
}

function formatTime(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/**
 * Characters that move the cursor, change the direction or hide text. The joiners are allowed: emoji and Persian need
 * them, and they do none of this.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes control characters, so that what clients send cannot control the terminal. */
export function singleLine(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index));
    return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('');
  });
}
