import { Injectable, Logger } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import type { Account } from '../options/account.js';
import { wordsCleaner } from './clean-words.js';
import { Deadline } from './deadline.js';
import { readSendEnvelope, type SendEnvelope } from './envelope.js';
import { ExchangeFailure, type Answer } from './exchange.js';
import { batchBody, sendBody, sendQuery, type OutgoingSms } from './send-request.js';
import { settle } from './settle.js';
import { Transport } from './transport.js';
import type { ExchangeConfig } from './undici-adapter.js';
import { unanswered, unreadable } from './unsettled.js';

/** How one call is made. */
export interface CallOptions {
  readonly method: 'GET' | 'POST';
  /** Milliseconds for the whole call, a repeated attempt included. */
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

type Call = Omit<ExchangeConfig, 'timeout'>;

const TIMESTAMP_EXPIRED = -16;

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
  ) {}

  /** One content. @throws {LaafficException} if nobody was accepted. */
  async sendSms(account: Account, sms: OutgoingSms, options: CallOptions): Promise<SmsReceipt> {
    const request =
      options.method === 'POST'
        ? { url: 'sendSms', data: sendBody(account.appId, sms) }
        : { url: `sendSms?${sendQuery(account.appId, sms)}` };
    return this.send(account, request, [sms], options);
  }

  /** A content for each message. @throws {LaafficException} if nobody was accepted. */
  async sendBatch(account: Account, messages: readonly OutgoingSms[], options: CallOptions): Promise<SmsReceipt> {
    const request = { url: 'sendSms/batch', data: batchBody(account.appId, messages) };
    return this.send(account, request, messages, options);
  }

  private async send(
    { credentials }: Account,
    request: { url: string; data?: string },
    messages: readonly OutgoingSms[],
    { method, timeout, signal }: CallOptions,
  ): Promise<SmsReceipt> {
    const call: Call = { ...request, method, credentials, cancel: signal };
    const recipients = messages.flatMap((sms) => sms.recipients);
    const deadline = new Deadline(timeout);
    const attempt = async (): Promise<SendEnvelope & Pick<Answer, 'date'>> => {
      const answer = await this.exchange(call, deadline).catch((error: unknown) => {
        throw error instanceof ExchangeFailure ? unanswered(error, recipients) : error;
      });
      const contents = messages.map(({ content }) => content);
      const envelope = readSendEnvelope(answer.body, wordsCleaner(credentials, contents));
      if (envelope === undefined) throw unreadable(answer, recipients);
      return { ...envelope, date: answer.date };
    };

    let envelope = await attempt();
    if (isRefusedTime(envelope) && this.clock.learn(envelope.date)) {
      this.#logger.warn(`The gateway's clock is ${Math.round(this.clock.offset / 1000)} s from ours; signing by it`);
      envelope = await attempt();
    }
    return settle(recipients, envelope);
  }

  private async exchange(call: Call, deadline: Deadline): Promise<Answer> {
    try {
      return await this.transport.exchange({ ...call, timeout: deadline.remaining() });
    } catch (error) {
      const neverHappened = error instanceof ExchangeFailure && error.why === 'failed' && !error.written;
      if (!neverHappened || deadline.remaining() === 0) throw error;
      return this.transport.exchange({ ...call, timeout: deadline.remaining() });
    }
  }
}

/** An answer that refuses the time and yet counts somebody as accepted is no proof that nothing happened. */
function isRefusedTime({ status, accepted, success }: SendEnvelope): boolean {
  return status === TIMESTAMP_EXPIRED && accepted.length === 0 && (success ?? 0) <= 0;
}
