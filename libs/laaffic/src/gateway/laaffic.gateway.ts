import { Injectable, Logger } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { TIMESTAMP_EXPIRED } from '../errors/status-table.js';
import type { Recipient } from '../messages/recipients.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Account } from '../options/account.js';
import { wordsCleaner } from './clean-words.js';
import { Deadline } from './deadline.js';
import { readSendEnvelope, type SendEnvelope } from './envelope.js';
import { ExchangeFailure, type Answer } from './exchange.js';
import type { MayStart } from './may-start.js';
import { endOfSend, type SendResult } from './request-end.js';
import { batchBody, sendBody, sendQuery, type OutgoingBatch, type OutgoingSms } from './send-request.js';
import { settle } from './settle.js';
import type { SendEndpoint } from './traffic.events.js';
import { Traffic } from './traffic.js';
import { Transport } from './transport.js';
import type { ExchangeConfig } from './undici-adapter.js';
import { unanswered, unreadable } from './unsettled.js';

/** How one call is made. */
export interface CallOptions {
  readonly method: 'GET' | 'POST';
  /** Milliseconds for the whole call, a repeated attempt included. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
  /** Asked right before the first byte of each attempt is written. */
  readonly mayStart?: MayStart | undefined;
}

interface Call {
  readonly endpoint: SendEndpoint;
  readonly url: string;
  readonly data?: string | undefined;
  readonly recipients: readonly Recipient[];
  readonly contents: readonly string[];
}

/** What came of one attempt, and whether it is proved that it did not happen. */
interface Attempt extends SendResult {
  readonly proof?: 'not-written' | 'time-refused' | undefined;
}

/**
 * The calls that send. A send is attempted once; again only where the first attempt provably did
 * not happen: no byte of it was written, or the gateway refused its time.
 */
@Injectable()
export class LaafficGateway {
  readonly #logger = new Logger(LaafficGateway.name);

  constructor(
    private readonly transport: Transport,
    private readonly clock: GatewayClock,
    /** Of the queries too. */
    readonly traffic: Traffic,
  ) {}

  /** One content. @throws {LaafficException} if nobody was accepted. */
  async sendSms(account: Account, sms: OutgoingSms, options: CallOptions): Promise<SmsReceipt> {
    const { recipients, content } = sms;
    const isPost = options.method === 'POST';
    const url = isPost ? 'sendSms' : `sendSms?${sendQuery(account.appId, sms)}`;
    const data = isPost ? sendBody(account.appId, sms) : undefined;
    return this.send(account, { endpoint: 'sendSms', url, data, recipients, contents: [content] }, options);
  }

  /** A content for each message. @throws {LaafficException} if nobody was accepted. */
  async sendBatch(
    account: Account,
    { messages, recipients }: OutgoingBatch,
    options: CallOptions,
  ): Promise<SmsReceipt> {
    const endpoint = 'sendSms/batch';
    const contents = messages.map(({ content }) => content);
    const call: Call = { endpoint, url: endpoint, data: batchBody(account.appId, messages), recipients, contents };
    return this.send(account, call, options);
  }

  private async send(
    { appId, credentials }: Account,
    { endpoint, url, data, recipients, contents }: Call,
    { method, timeout, signal, mayStart }: CallOptions,
  ): Promise<SmsReceipt> {
    // Written out: to spread and rest objects on the way of each send costs a tenth of it.
    const within = (left: number): ExchangeConfig => {
      const config: ExchangeConfig =
        data === undefined
          ? { url, method, credentials, cancel: signal, timeout: left }
          : { url, method, credentials, cancel: signal, timeout: left, data };
      if (mayStart !== undefined) config.mayStart = mayStart;
      return config;
    };
    const clean = wordsCleaner(credentials, contents);
    const deadline = new Deadline(timeout);
    const proofs: Attempt['proof'][] = [];
    for (let attempt = 1; ; attempt++) {
      const end = this.traffic.start({ endpoint, method, appId, attempt, recipients: recipients.length });
      const result = await this.attempt(within(deadline.remaining()), recipients, clean);
      // A proof that comes again shows that another attempt does not help.
      const isRepeated = !proofs.includes(result.proof) && this.mayRepeat(result, deadline);
      proofs.push(result.proof);
      end?.(endOfSend(result, recipients.length, isRepeated));
      if (isRepeated) continue;
      if (result.receipt !== undefined) return result.receipt;
      throw result.error;
    }
  }

  /** @returns the error too, of whatever kind. */
  private async attempt(
    config: ExchangeConfig,
    recipients: readonly Recipient[],
    clean: (words: string) => string,
  ): Promise<Attempt> {
    let answer: Answer | undefined;
    let envelope: SendEnvelope | undefined;
    try {
      answer = await this.transport.exchange(config);
      envelope = readSendEnvelope(answer.body, clean);
      if (envelope === undefined) return { answer, error: unreadable(answer, recipients) };
      return { answer, status: envelope.status, receipt: settle(recipients, envelope) };
    } catch (error) {
      if (error instanceof ExchangeFailure) {
        const isUnwritten = error.why === 'failed' && !error.written;
        return { error: unanswered(error, recipients), proof: isUnwritten ? 'not-written' : undefined };
      }
      const proof = envelope !== undefined && isRefusedTime(envelope) ? 'time-refused' : undefined;
      return { answer, status: envelope?.status, error, proof };
    }
  }

  private mayRepeat({ proof, answer }: Attempt, deadline: Deadline): boolean {
    if (proof === 'not-written') return deadline.remaining() > 0;
    if (proof !== 'time-refused' || !this.clock.learn(answer?.date)) return false;
    this.#logger.warn(`The gateway's clock is ${Math.round(this.clock.offset / 1000)} s from ours; signing by it`);
    return true;
  }
}

/** An answer that refuses the time and yet counts somebody as accepted is no proof that nothing happened. */
function isRefusedTime({ status, accepted, success }: SendEnvelope): boolean {
  return status === TIMESTAMP_EXPIRED && accepted.length === 0 && (success ?? 0) <= 0;
}
