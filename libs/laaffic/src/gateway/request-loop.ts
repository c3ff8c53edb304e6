import { Injectable, Logger } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { exceptionOf, LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import type { Account } from '../options/account.js';
import { pause } from './http/backoff.js';
import type { GatewayRequestConfig, ShouldSend } from './http/exchange.js';
import { NoResponseError, type GatewayResponse } from './http/response.js';
import { Transport } from './http/transport.js';
import { RequestEventEmitter, type QueryEnd, type SendEnd } from './traffic/request-event.emitter.js';
import type { QueryEndpoint, SendEndpoint } from './traffic/request-events.js';
import type { RequestResult } from './traffic/request-result.js';

/** One call of a caller, which may take several requests. */
export interface GatewayCall {
  readonly account: Account;
  readonly endpoint: SendEndpoint | QueryEndpoint;
  readonly method: 'GET' | 'POST';
  /** Path and query below the base URL. */
  readonly url: string;
  /** JSON; `undefined` for a GET. */
  readonly body: string | undefined;
  /** The number of recipients; 0 for a query. */
  readonly recipients: number;
  readonly signal: AbortSignal | undefined;
  /** Called right before the first byte of each request is written. */
  readonly shouldSend?: ShouldSend | undefined;
}

/** The result of one request, and the proof, if there is one, that it had no effect. */
export interface Attempt<T> extends RequestResult<T> {
  /** `true` if the gateway rejected the time of the signature and did nothing. */
  readonly isTimeRejected?: boolean;
  /** `true` if no byte of the request was written because of a failure. */
  readonly isUnwritten?: boolean;
}

/** How sends and queries differ. */
export interface CallPolicy<T> {
  /** Milliseconds for the next request. */
  timeoutMs(deadline: Deadline): number;
  /** Reads a response. Errors are returned, not thrown. */
  read(response: GatewayResponse): Attempt<T>;
  /** Creates the exception of a request without a response. */
  noResponse(error: NoResponseError): LaafficException;
  /** Milliseconds before the next request; `undefined` if there is none. */
  retryDelayMs(attempt: Attempt<T>, deadline: Deadline): number | undefined;
  /** Describes the end of a request for `requestEvents`. */
  describe(attempt: Attempt<T>, willRetry: boolean): SendEnd | QueryEnd;
}

/** The end of a call that may take several requests. */
export class Deadline {
  readonly #end: number;

  /** @param timeoutMs milliseconds from now. */
  constructor(timeoutMs: number) {
    this.#end = performance.now() + timeoutMs;
  }

  /** Whole milliseconds left, never negative. */
  remaining(): number {
    return Math.max(0, Math.ceil(this.#end - performance.now()));
  }
}

/**
 * Makes the requests of a call, for sends and queries alike: emits their events, corrects the clock once if the gateway
 * rejects the time of a signature, and retries as far as the policy of the call allows.
 */
@Injectable()
export class RequestLoop {
  readonly #logger = new Logger('SmsService');

  constructor(
    private readonly transport: Transport,
    private readonly clock: GatewayClock,
    private readonly events: RequestEventEmitter,
  ) {}

  /** @throws {LaafficException} if no request succeeded. */
  async run<T>(call: GatewayCall, policy: CallPolicy<T>, deadline: Deadline): Promise<T> {
    const { endpoint, method, recipients, signal } = call;
    const config = configOf(call);
    let isClockCorrected = false;
    for (let attempt = 1; ; attempt++) {
      const emitEnd = this.events.start({ endpoint, method, appId: call.account.appId, attempt, recipients });
      config.timeout = policy.timeoutMs(deadline);
      const result = await this.#attempt(config, policy);
      // A second rejection shows that the clock is not the reason.
      const isCorrected: boolean =
        result.isTimeRejected === true && !isClockCorrected && this.#correctClock(result.response);
      isClockCorrected ||= isCorrected;
      const delayMs = isCorrected ? 0 : policy.retryDelayMs(result, deadline);
      emitEnd?.(policy.describe(result, delayMs !== undefined));
      if (result.value !== undefined) return result.value;
      if (delayMs === undefined) throw this.report(result.error);
      if (delayMs > 0 && !(await pause(delayMs, signal))) {
        const cause: unknown = signal?.reason;
        throw this.report(exceptionOf(LOCAL_FAILURES.abortedUnsent, { reason: 'aborted between two attempts', cause }));
      }
    }
  }

  /** Logs the failure of a call. Failures that only the operator can fix are warnings. @returns the error. */
  report(error: unknown): unknown {
    if (error instanceof LaafficException) {
      const text = `${error.message} Outcome: ${error.outcome}.`;
      if (error.kind === 'account' || error.kind === 'clock') this.#logger.warn(text);
      else this.#logger.debug(text);
    }
    return error;
  }

  async #attempt<T>(config: GatewayRequestConfig, policy: CallPolicy<T>): Promise<Attempt<T>> {
    let response: GatewayResponse | undefined;
    try {
      response = await this.transport.exchange(config);
      return policy.read(response);
    } catch (error) {
      if (!(error instanceof NoResponseError)) return { response, error };
      return { error: policy.noResponse(error), isUnwritten: error.type === 'failed' && !error.written };
    }
  }

  #correctClock(response: GatewayResponse | undefined): boolean {
    if (!this.clock.synchronize(response?.date)) return false;
    const seconds = Math.round(this.clock.offsetMs / 1000);
    this.#logger.warn(`The clock of the gateway is ${seconds} s ahead of ours. Requests are now signed with its time`);
    return true;
  }
}

/** Sets each property on its own: to spread objects costs a tenth of a send. */
function configOf({ account, url, method, body, signal, shouldSend }: GatewayCall): GatewayRequestConfig {
  const config: GatewayRequestConfig = {
    url,
    method,
    credentials: account.credentials,
    abortSignal: signal,
    timeout: 0,
  };
  if (body !== undefined) config.data = body;
  if (shouldSend !== undefined) config.shouldSend = shouldSend;
  return config;
}
