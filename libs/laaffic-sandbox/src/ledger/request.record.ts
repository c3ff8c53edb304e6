import type { IncomingMessage } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import type { RecordedRequest, RequestOutcome } from './recorded.request.js';

/** Keeps the raw text alone and parses it when somebody looks: most of the history is never looked at. */
export class RequestRecord implements RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  rawBody: string | null = null;
  outcome: RequestOutcome = 'pending';
  http: number | null = null;
  status: string | null = null;
  reason: string | null = null;
  why: string | null = null;
  fault: string | null = null;
  accepted = 0;
  /** Whether it is still in the history. */
  isKept = true;
  private readonly head: number;
  private readonly rawQuery: string;

  constructor(
    readonly id: number,
    readonly at: number,
    request: IncomingMessage,
  ) {
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    this.method = request.method ?? '';
    this.path = mark === -1 ? url : url.slice(0, mark);
    this.rawQuery = mark === -1 ? '' : url.slice(mark + 1);
    this.headers = request.headers;
    this.head = request.rawHeaders.reduce((sum, text) => sum + text.length, url.length);
  }

  /** In characters. */
  get size(): number {
    return this.head + (this.rawBody?.length ?? 0);
  }

  get query(): ParsedUrlQuery {
    return parse(this.rawQuery, '&', '=', { maxKeys: 0 });
  }

  get body(): unknown {
    return this.rawBody === null ? undefined : fromJson(this.rawBody);
  }

  toJSON(): RecordedRequest {
    const { id, at, method, path, headers, query, rawBody, body } = this;
    const { outcome, http, status, reason, why, fault, accepted } = this;
    return { id, at, method, path, headers, query, rawBody, body, outcome, http, status, reason, why, fault, accepted };
  }
}

/** Deeper JSON can be read, but not written again. */
const deepest = 500;

/** `undefined` for what is not JSON, or nested deeper than anything that is meant. */
export function fromJson(text: string): unknown {
  if (isDeep(text)) return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function isDeep(text: string): boolean {
  // nearly every body has so few that it need not be walked through
  if (openings(text, '[') + openings(text, '{') <= deepest) return false;
  let depth = 0;
  for (let at = 0, inText = false; at < text.length; at += 1) {
    const sign = text[at];
    if (inText) {
      if (sign === '\\') at += 1;
      else if (sign === '"') inText = false;
    } else if (sign === '"') inText = true;
    else if (sign === '[' || sign === '{') {
      depth += 1;
      if (depth > deepest) return true;
    } else if (sign === ']' || sign === '}') depth -= 1;
  }
  return false;
}

function openings(text: string, sign: '[' | '{'): number {
  let count = 0;
  for (let at = text.indexOf(sign); at !== -1 && count <= deepest; at = text.indexOf(sign, at + 1)) count += 1;
  return count;
}
