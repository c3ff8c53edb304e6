import { Injectable } from '@nestjs/common';
import { GatewayClock } from '../../clock.js';
import { exceptionOf, LaafficException } from '../../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import { failureOf, TIMESTAMP_EXPIRED } from '../../errors/status-table.js';
import type { Account } from '../../options/account.js';
import { LaafficSettings } from '../../options/laaffic.settings.js';
import { Randomness } from '../../randomness.js';
import { backoffMs } from '../http/backoff.js';
import { redact } from '../http/redact.js';
import { noResponseException, unreadableException } from '../http/request-errors.js';
import type { GatewayResponse, NoResponseError } from '../http/response.js';
import { gatewayStatus, parseObject, text } from '../protocol/values.js';
import { Deadline, RequestLoop, type Attempt, type CallPolicy } from '../request-loop.js';
import type { QueryEnd } from '../traffic/request-event.emitter.js';
import type { QueryEndpoint } from '../traffic/request-events.js';
import { queryEnd } from '../traffic/request-result.js';

/** A GET with its query, or a POST with a JSON body. */
export interface Query {
  readonly endpoint: QueryEndpoint;
  readonly search?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** The options of one query. */
export interface QueryRequestOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** "Too frequent", and "internal error". */
const RETRYABLE_STATUSES: ReadonlySet<number | undefined> = new Set([-15, -18]);

type Json = Record<string, unknown>;

/** Makes the calls that change nothing. They are retried where sends are not. */
@Injectable()
export class QueryClient {
  constructor(
    private readonly loop: RequestLoop,
    private readonly settings: LaafficSettings,
    private readonly clock: GatewayClock,
    private readonly randomness: Randomness,
  ) {}

  /**
   * Requests until there is a response with status 0, a rejection that a retry will not change, or no time left.
   * @returns the response as it is: its fields are not read yet.
   * @throws {LaafficException}
   */
  request(account: Account, { endpoint, search, body }: Query, options: QueryRequestOptions): Promise<Json> {
    const { timeoutMs, signal } = options;
    const request =
      body === undefined
        ? { method: 'GET' as const, url: search === undefined ? endpoint : `${endpoint}?${encoded(search)}` }
        : { method: 'POST' as const, url: endpoint };
    const call = {
      ...{ account, endpoint, ...request, recipients: 0, signal },
      body: body === undefined ? undefined : JSON.stringify(body),
    };
    const { settings, clock, randomness } = this;
    return this.loop.run(call, new QueryPolicy(account, settings, clock, randomness), new Deadline(timeoutMs));
  }
}

/** The policy of one query. */
class QueryPolicy implements CallPolicy<Json> {
  #failures = 0;

  constructor(
    private readonly account: Account,
    private readonly settings: LaafficSettings,
    private readonly clock: GatewayClock,
    private readonly randomness: Randomness,
  ) {}

  timeoutMs(deadline: Deadline): number {
    return Math.min(this.settings.timeoutMs, deadline.remaining());
  }

  read(response: GatewayResponse): Attempt<Json> {
    this.clock.recordServerDate(response.date);
    const json = parseObject(response.body);
    const status = gatewayStatus(json?.['status']);
    if (json === undefined || status === undefined) {
      return { response, error: unreadableException(response, undefined) };
    }
    if (status === 0) return { response, status, value: json };
    const reason = redact(text(json['reason']) ?? 'no reason given', this.account.credentials, []);
    const { retryAfterSeconds } = response;
    const error = exceptionOf(failureOf(status), { status, reason, outcome: 'rejected', retryAfterSeconds });
    return { response, status, error, isTimeRejected: status === TIMESTAMP_EXPIRED };
  }

  noResponse(error: NoResponseError): LaafficException {
    return noResponseException(error, undefined);
  }

  retryDelayMs({ error }: Attempt<Json>, deadline: Deadline): number | undefined {
    const { queryRetry } = this.settings;
    if (!(error instanceof LaafficException) || !isRetryable(error) || this.#failures >= queryRetry.retries) {
      return undefined;
    }
    const delayMs = backoffMs(this.#failures++, queryRetry, error, this.randomness.random());
    return delayMs < deadline.remaining() ? delayMs : undefined;
  }

  describe(attempt: Attempt<Json>, willRetry: boolean): QueryEnd {
    return queryEnd(attempt, willRetry);
  }
}

function isRetryable({ kind, code, status }: LaafficException): boolean {
  if (code === LOCAL_FAILURES.abortedSent.code) return false;
  return kind === 'transport' || kind === 'unreadable' || kind === 'limit' || RETRYABLE_STATUSES.has(status);
}

/** Encodes the values once, and leaves the commas of lists as they are. */
function encoded(search: Readonly<Record<string, string>>): string {
  return Object.entries(search)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`)
    .join('&');
}
