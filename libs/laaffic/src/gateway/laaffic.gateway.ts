import { Injectable, Logger } from '@nestjs/common';
import { GatewayClock } from '../clock.js';
import { maskNumbersIn } from '../messages/mask-number.js';
import type { SmsReceipt } from '../messages/sms-receipt.js';
import { LaafficSettings } from '../options/laaffic.settings.js';
import { Deadline } from './deadline.js';
import { readSendEnvelope, type SendEnvelope } from './envelope.js';
import { ExchangeFailure, type Answer } from './exchange.js';
import { sendBody, sendQuery, type OutgoingSms } from './send-request.js';
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
const LONGEST_REASON = 200;

/**
 * The calls of the gateway. A send is attempted once; again only where the first attempt provably
 * did not happen: no byte of it was written, or the gateway refused its time.
 */
@Injectable()
export class LaafficGateway {
  readonly #logger = new Logger(LaafficGateway.name);
  readonly #sendPath: string;

  constructor(
    private readonly settings: LaafficSettings,
    private readonly transport: Transport,
    private readonly clock: GatewayClock,
  ) {
    this.#sendPath = `${new URL(settings.baseUrl).pathname.replace(/\/$/, '')}/sendSms`;
  }

  /** @throws {LaafficException} if nobody was accepted. */
  async sendSms(sms: OutgoingSms, { method, timeout, signal }: CallOptions): Promise<SmsReceipt> {
    const call: Call =
      method === 'POST'
        ? { method, url: this.#sendPath, data: sendBody(sms), cancel: signal }
        : { method, url: `${this.#sendPath}?${sendQuery(sms)}`, cancel: signal };
    const deadline = new Deadline(timeout);
    let envelope = await this.attempt(call, deadline, sms);
    if (isRefusedTime(envelope) && this.clock.learn(envelope.date)) {
      this.#logger.warn(`The gateway's clock is ${Math.round(this.clock.offset / 1000)} s from ours; signing by it`);
      envelope = await this.attempt(call, deadline, sms);
    }
    return settle(sms.recipients, envelope);
  }

  private async attempt(
    call: Call,
    deadline: Deadline,
    sms: OutgoingSms,
  ): Promise<SendEnvelope & Pick<Answer, 'date'>> {
    const answer = await this.exchange(call, deadline).catch((error: unknown) => {
      throw error instanceof ExchangeFailure ? unanswered(error, sms.recipients) : error;
    });
    const envelope = readSendEnvelope(answer.body, (reason) => this.clean(reason, sms));
    if (envelope === undefined) throw unreadable(answer, sms.recipients);
    return { ...envelope, date: answer.date };
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

  /** The gateway's words go into errors and logs: without what it may repeat of the request. */
  private clean(reason: string, { content }: OutgoingSms): string {
    const withoutSecrets = this.settings.credentials.redact(reason);
    const withoutContent = content.length < 4 ? withoutSecrets : withoutSecrets.replaceAll(content, '[content]');
    return maskNumbersIn(withoutContent).slice(0, LONGEST_REASON);
  }
}

/** An answer that refuses the time and yet counts somebody as accepted is no proof that nothing happened. */
function isRefusedTime({ status, accepted, success }: SendEnvelope): boolean {
  return status === TIMESTAMP_EXPIRED && accepted.length === 0 && (success ?? 0) <= 0;
}
