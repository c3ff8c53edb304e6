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

/** `undefined` for what is not JSON. */
export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
