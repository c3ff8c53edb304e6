import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { exceptionOf, LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf, TIMESTAMP_EXPIRED } from '../errors/status-table.js';
import type { Account } from '../options/account.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Randomness } from '../randomness.js';
import { backOff } from './back-off.js';
import { wordsCleaner } from './clean-words.js';
import { Deadline } from './deadline.js';
import { ExchangeFailure, type Answer } from './exchange.js';
import { endOfQuery, type RequestResult } from './request-end.js';
import type { QueryEndpoint } from './traffic.events.js';
import { Traffic } from './traffic.js';
import { Transport } from './transport.js';
import type { ExchangeConfig } from './undici-adapter.js';
import { unanswered, unreadable } from './unsettled.js';
import { gatewayStatus, parseObject, text } from './wire.js';

/** What is asked: a GET with its query, or a POST with a JSON body. */
export interface Query {
  readonly path: QueryEndpoint;
  readonly search?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** How one query is made. */
export interface AskOptions {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Too frequent, and an internal fault. */
const WORTH_ANOTHER_TRY: ReadonlySet<number | undefined> = new Set([-15, -18]);

interface Attempt extends RequestResult {
  readonly json?: Record<string, unknown>;
}

/** The calls that change nothing, and are therefore tried again where sends are not. */
@Injectable()
export class LaafficQueries {
  constructor(
    private readonly settings: LaafficSettings,
    private readonly transport: Transport,
    private readonly clock: GatewayClock,
    private readonly randomness: Randomness,
    private readonly traffic: Traffic,
  ) {}

  /**
   * Asks until there is an answer with status 0, a refusal that another try will not change, or no
   * time left.
   * @returns the answer as it is: its fields are still to be read.
   * @throws {LaafficException}
   */
  async ask(account: Account, query: Query, { timeout, signal }: AskOptions): Promise<Record<string, unknown>> {
    const { retries } = this.settings.queries;
    const deadline = new Deadline(timeout);
    let clockWasSet = false;
    for (let attempt = 1, failures = 0; ; attempt++) {
      const { json, error, answer } = await this.attempt(account, query, { deadline, signal, attempt });
      if (json !== undefined) return json;
      if (!(error instanceof LaafficException)) throw error;
      if (error.status === TIMESTAMP_EXPIRED && !clockWasSet && this.clock.learn(answer?.date)) {
        clockWasSet = true;
        continue;
      }
      const delay = backOff(failures++, this.settings.queries, error, this.randomness.fraction());
      if (failures > retries || !isWorthAnotherTry(error) || delay >= deadline.remaining()) throw error;
      await pause(delay, undefined, { signal }).catch((cause: unknown) => {
        throw exceptionOf(LOCAL_FAILURES.abortedUnsent, { reason: 'aborted between two tries', cause });
      });
    }
  }

  private async attempt(
    { appId, credentials }: Account,
    { path, search, body }: Query,
    { deadline, signal, attempt }: { deadline: Deadline; signal: AbortSignal | undefined; attempt: number },
  ): Promise<Attempt> {
    const url = search === undefined ? path : `${path}?${encoded(search)}`;
    const request =
      body === undefined
        ? { method: 'GET' as const, url }
        : { method: 'POST' as const, url, data: JSON.stringify(body) };
    const timeout = Math.min(this.settings.timeout, deadline.remaining());
    const end = this.traffic.start({ endpoint: path, method: request.method, appId, attempt, recipients: 0 });
    const result = await this.exchange({ ...request, credentials, cancel: signal, timeout });
    end?.(endOfQuery(result));
    return result;
  }

  /** @returns the error too, of whatever kind. */
  private async exchange(config: ExchangeConfig & Pick<Account, 'credentials'>): Promise<Attempt> {
    let answer: Answer | undefined;
    try {
      answer = await this.transport.exchange(config);
      this.clock.observe(answer.date);
      const json = parseObject(answer.body);
      const status = gatewayStatus(json?.['status']);
      if (json === undefined || status === undefined) return { answer, error: unreadable(answer, undefined) };
      if (status === 0) return { answer, status, json };
      const reason = wordsCleaner(config.credentials, [])(text(json['reason']) ?? 'no reason given');
      return { answer, status, error: exceptionOf(failureOf(status), { status, reason, outcome: 'rejected' }) };
    } catch (error) {
      return { answer, error: error instanceof ExchangeFailure ? unanswered(error, undefined) : error };
    }
  }
}

function isWorthAnotherTry({ kind, code, status }: LaafficException): boolean {
  if (code === LOCAL_FAILURES.abortedSent.code) return false;
  return kind === 'transport' || kind === 'unreadable' || kind === 'limit' || WORTH_ANOTHER_TRY.has(status);
}

/** Values encoded once, the commas of lists left as they are. */
function encoded(search: Readonly<Record<string, string>>): string {
  return Object.entries(search)
    .map(([name, value]) => `${name}=${encodeURIComponent(value).replaceAll('%2C', ',')}`)
    .join('&');
}
