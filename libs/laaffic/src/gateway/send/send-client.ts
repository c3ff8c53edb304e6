import { Injectable } from '@nestjs/common';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import { TIMESTAMP_EXPIRED } from '../../errors/status-table.js';
import type { Recipient } from '../../messages/recipients.js';
import type { SmsReceipt } from '../../messages/sms-receipt.js';
import type { Account } from '../../options/account.js';
import type { RateLimiter } from '../../rate/rate-limiter.js';
import type { ShouldSend } from '../http/exchange.js';
import { redact } from '../http/redact.js';
import { noResponseException, notSentException, unreadableException } from '../http/request-errors.js';
import type { GatewayResponse, NoResponseError } from '../http/response.js';
import {
  batchBody,
  readSendEnvelope,
  sendBody,
  sendQuery,
  type OutgoingBatch,
  type OutgoingSms,
  type SendEnvelope,
} from '../protocol/send-sms.js';
import { Deadline, RequestLoop, type Attempt, type CallPolicy } from '../request-loop.js';
import type { SendEnd } from '../traffic/request-event.emitter.js';
import { sendEnd } from '../traffic/request-result.js';
import { resolveOutcomes } from './recipient-outcomes.js';

/** The place of a send among those that wait under the rate limit of an account. */
export interface SendTurn {
  readonly limiter: RateLimiter;
  readonly priority: 'high' | 'normal';
  readonly caller: object;
}

/** The options of one send. */
export interface SendCallOptions {
  /** Milliseconds for the whole call, a repeated request and the wait under the rate limit included. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly shouldSend?: ShouldSend | undefined;
  /** Waits for its turn under the rate limit of the account. @default no wait: the caller has waited */
  readonly turn?: SendTurn | undefined;
}

/**
 * Sends messages. A send is attempted once, and a second time only if the first request provably had no effect: no byte
 * of it was written, or the gateway rejected its time.
 */
@Injectable()
export class SendClient {
  constructor(private readonly loop: RequestLoop) {}

  /** Sends one content. @throws {LaafficException} if no recipient was accepted. */
  sendSms(
    account: Account,
    sms: OutgoingSms,
    { method, ...options }: SendCallOptions & { readonly method: 'GET' | 'POST' },
  ): Promise<SmsReceipt> {
    const isPost = method === 'POST';
    const url = isPost ? 'sendSms' : `sendSms?${sendQuery(account.appId, sms)}`;
    const body = isPost ? sendBody(account.appId, sms) : undefined;
    const policy = new SendPolicy(account, sms.recipients, [sms.content]);
    return this.#send(account, { endpoint: 'sendSms', method, url, body }, policy, options);
  }

  /** Sends a content for each message, in one request. @throws {LaafficException} if no recipient was accepted. */
  sendBatch(account: Account, { messages, recipients }: OutgoingBatch, options: SendCallOptions): Promise<SmsReceipt> {
    const url = 'sendSms/batch';
    const body = batchBody(account.appId, messages);
    const contents = messages.map(({ content }) => content);
    const policy = new SendPolicy(account, recipients, contents);
    return this.#send(account, { endpoint: url, method: 'POST', url, body }, policy, options);
  }

  async #send(
    account: Account,
    request: { endpoint: 'sendSms' | 'sendSms/batch'; method: 'GET' | 'POST'; url: string; body: string | undefined },
    policy: SendPolicy,
    { timeoutMs, signal, shouldSend, turn }: SendCallOptions,
  ): Promise<SmsReceipt> {
    const deadline = new Deadline(timeoutMs);
    const { recipients } = policy;
    if (turn !== undefined) {
      const { limiter, priority, caller } = turn;
      const result = await limiter.acquire({ recipients: recipients.length, priority, caller, signal, timeoutMs });
      if (result === 'aborted') {
        const cause: unknown = signal?.reason;
        const details = { reason: 'aborted before the request was written', cause };
        throw this.loop.report(notSentException(LOCAL_FAILURES.abortedUnsent, recipients, details));
      }
      if (result === 'timeout') {
        const details = { reason: 'the rate limit allowed no request in time' };
        throw this.loop.report(notSentException(LOCAL_FAILURES.rateLimited, recipients, details));
      }
      // The process may have stood still, and a request without time left would have no time limit.
      if (deadline.remaining() === 0) {
        const details = { reason: 'the call timed out before its request was written' };
        throw this.loop.report(notSentException(LOCAL_FAILURES.notConnected, recipients, details));
      }
    }
    const { endpoint, method, url, body } = request;
    const call = { account, endpoint, method, url, body, recipients: recipients.length, signal, shouldSend };
    return this.loop.run(call, policy, deadline);
  }
}

/** The policy of one send. */
class SendPolicy implements CallPolicy<SmsReceipt> {
  #hasRetriedUnwritten = false;

  constructor(
    private readonly account: Account,
    readonly recipients: readonly Recipient[],
    private readonly contents: readonly string[],
  ) {}

  timeoutMs(deadline: Deadline): number {
    return deadline.remaining();
  }

  read(response: GatewayResponse): Attempt<SmsReceipt> {
    const { recipients, account, contents } = this;
    const envelope = readSendEnvelope(response.body, (text) => redact(text, account.credentials, contents));
    if (envelope === undefined) return { response, error: unreadableException(response, recipients) };
    const { status } = envelope;
    try {
      return { response, status, value: resolveOutcomes(recipients, envelope, response.retryAfterSeconds) };
    } catch (error) {
      return { response, status, error, isTimeRejected: isTimeRejected(envelope) };
    }
  }

  noResponse(error: NoResponseError) {
    return noResponseException(error, this.recipients);
  }

  /** A request that was not written is repeated once: a second failure shows that repeating does not help. */
  retryDelayMs({ isUnwritten }: Attempt<SmsReceipt>, deadline: Deadline): number | undefined {
    if (isUnwritten !== true || this.#hasRetriedUnwritten || deadline.remaining() === 0) return undefined;
    this.#hasRetriedUnwritten = true;
    return 0;
  }

  describe(attempt: Attempt<SmsReceipt>, willRetry: boolean): SendEnd {
    return sendEnd(attempt, this.recipients.length, willRetry);
  }
}

/** A response that rejects the time but counts accepted recipients does not prove that nothing happened. */
function isTimeRejected({ status, accepted, success }: SendEnvelope): boolean {
  return status === TIMESTAMP_EXPIRED && accepted.length === 0 && (success ?? 0) <= 0;
}
