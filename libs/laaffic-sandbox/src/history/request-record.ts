import type { IncomingMessage } from 'node:http';
import { parse, type ParsedUrlQuery } from 'node:querystring';
import { parseJson } from '../parse-json.js';
import type { RecordedRequest, RequestOutcome } from './records.js';

/** Keeps the raw text only and parses it on access, because most of the history is never read. */
export class RequestRecord implements RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  rawBody: string | null = null;
  outcome: RequestOutcome = 'pending';
  httpStatus: number | null = null;
  status: string | null = null;
  reason: string | null = null;
  explanation: string | null = null;
  fault: string | null = null;
  accepted = 0;
  /** Whether the record is still in the history. */
  isKept = true;
  readonly #headLength: number;
  readonly #rawQuery: string;

  constructor(
    readonly id: number,
    readonly at: number,
    request: IncomingMessage,
  ) {
    const url = request.url ?? '';
    const mark = url.indexOf('?');
    this.method = request.method ?? '';
    this.path = mark === -1 ? url : url.slice(0, mark);
    this.#rawQuery = mark === -1 ? '' : url.slice(mark + 1);
    this.headers = request.headers;
    this.#headLength = request.rawHeaders.reduce((sum, text) => sum + text.length, url.length);
  }

  /** In characters. */
  get size(): number {
    return this.#headLength + (this.rawBody?.length ?? 0);
  }

  get query(): ParsedUrlQuery {
    return parse(this.#rawQuery, '&', '=', { maxKeys: 0 });
  }

  get body(): unknown {
    return this.rawBody === null ? undefined : parseJson(this.rawBody);
  }

  toJSON(): RecordedRequest {
    const { id, at, method, path, headers, query, rawBody, body } = this;
    const { outcome, httpStatus, status, reason, explanation, fault, accepted } = this;
    const arrived = { id, at, method, path, headers, query, rawBody, body };
    return { ...arrived, outcome, httpStatus, status, reason, explanation, fault, accepted };
  }
}
