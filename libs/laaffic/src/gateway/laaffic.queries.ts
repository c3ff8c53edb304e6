import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { exceptionOf, LaafficLimitException, type LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf } from '../errors/status-table.js';
import type { Account } from '../options/account.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Randomness } from '../randomness.js';
import { wordsCleaner } from './clean-words.js';
import { Deadline } from './deadline.js';
import { ExchangeFailure } from './exchange.js';
import { Transport } from './transport.js';
import { unanswered, unreadable } from './unsettled.js';
import { gatewayStatus, parseObject, text } from './wire.js';

/** What is asked: a GET with its query, or a POST with a JSON body. */
export interface Query {
  readonly path: string;
  readonly search?: Readonly<Record<string, string>>;
  readonly body?: object;
}

/** How one query is made. */
export interface AskOptions {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

const TIMESTAMP_EXPIRED = -16;
/** Too frequent, and an internal fault. */
const WORTH_ANOTHER_TRY: ReadonlySet<number | undefined> = new Set([-15, -18]);

type Attempt =
  | { readonly json: Record<string, unknown> }
  | { readonly exception: LaafficException; readonly date?: string | undefined };

/** The calls that change nothing, and are therefore tried again where sends are not. */
@Injectable()
export class LaafficQueries {
  constructor(
    private readonly settings: LaafficSettings,
    private readonly transport: Transport,
    private readonly clock: GatewayClock,
    private readonly randomness: Randomness,
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
    for (let failures = 0; ;) {
      const attempt = await this.attempt(account, query, deadline, signal);
      if ('json' in attempt) return attempt.json;
      const { exception, date } = attempt;
      if (exception.status === TIMESTAMP_EXPIRED && !clockWasSet && this.clock.learn(date)) {
        clockWasSet = true;
        continue;
      }
      const delay = this.delayAfter(failures++, exception);
      if (failures > retries || !isWorthAnotherTry(exception) || delay >= deadline.remaining()) throw exception;
      await pause(delay, undefined, { signal }).catch((cause: unknown) => {
        throw exceptionOf(LOCAL_FAILURES.abortedUnsent, { reason: 'aborted between two tries', cause });
      });
    }
  }

  private async attempt(
    { credentials }: Account,
    { path, search, body }: Query,
    deadline: Deadline,
    cancel: AbortSignal | undefined,
  ): Promise<Attempt> {
    const url = search === undefined ? path : `${path}?${encoded(search)}`;
    const request =
      body === undefined
        ? { method: 'GET' as const, url }
        : { method: 'POST' as const, url, data: JSON.stringify(body) };
    const timeout = Math.min(this.settings.timeout, deadline.remaining());
    try {
      const answer = await this.transport.exchange({ ...request, credentials, cancel, timeout });
      this.clock.observe(answer.date);
      const json = parseObject(answer.body);
      const status = gatewayStatus(json?.['status']);
      if (json === undefined || status === undefined) return { exception: unreadable(answer, undefined) };
      if (status === 0) return { json };
      const reason = wordsCleaner(credentials, [])(text(json['reason']) ?? 'no reason given');
      return { exception: exceptionOf(failureOf(status), { status, reason, outcome: 'rejected' }), date: answer.date };
    } catch (error) {
      if (error instanceof ExchangeFailure) return { exception: unanswered(error, undefined) };
      throw error;
    }
  }

  /** Doubling, capped, and spread by half so that many clients do not come back at once. */
  private delayAfter(failures: number, exception: LaafficException): number {
    const { minDelay, maxDelay } = this.settings.queries;
    const asked = exception instanceof LaafficLimitException ? exception.retryAfter * 1000 : 0;
    const delay = Math.min(maxDelay, Math.max(asked, minDelay * 2 ** failures));
    return Math.ceil(delay * (0.5 + this.randomness.fraction() / 2));
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
