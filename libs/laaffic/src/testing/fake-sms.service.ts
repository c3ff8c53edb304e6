import { AssertionError } from 'node:assert';
import { Injectable, Optional } from '@nestjs/common';
import type { Balance } from '../messages/balance.js';
import type { DeliveryState } from '../messages/delivery-report.js';
import { OrderIdGenerator } from '../messages/order-ids.js';
import { maskNumber, normalizeNumber } from '../messages/phone-number.js';
import { Randomness } from '../randomness.js';
import { SmsService } from '../sms.service.js';
import type { ReportDetails } from './delivery-reports.js';
import { inProcessAccount, type FakeSmsOptions } from './in-process-account.js';
import { InProcessPlatform, type Conversion } from './in-process-platform.js';
import type { InboundMessageInput } from './inbound-messages.js';
import { describeSent, type SentSms } from './sent-sms.js';
import { checkedFailure, rejectionOf, type SimulatedFailure, type SimulatedRejection } from './simulated-failure.js';

/** Selects messages that were sent. */
export type SentPredicate = (sms: SentSms) => boolean;

/** Generates the same order ids in every run: `fake-order-1.0` is the first recipient of the first request. */
class SequentialOrderIds extends OrderIdGenerator {
  #requests = 0;

  constructor() {
    super(new Randomness());
  }

  override prefix(): string {
    this.#requests += 1;
    return `fake-order-${this.#requests}`;
  }

  restart(): void {
    this.#requests = 0;
  }
}

/**
 * An `SmsService` without a network, for the tests of an app. It is the real service: it checks commands, creates receipts
 * and throws exceptions as in production. Only the platform is a part of this process. It accepts everything, unless a test
 * lets it fail, and remembers it. Message ids and order ids are the same in every run.
 * @example
 * const sms = new FakeSmsService();
 * const app = await Test.createTestingModule({ imports: [AppModule] })
 *   .overrideProvider(SmsService)
 *   .useValue(sms)
 *   .compile();
 *
 * await app.get(Bookings).confirm('+91 85632 1412');
 * sms.assertSentTo('91856321412', ({ content }) => content.includes('booked'));
 */
@Injectable()
export class FakeSmsService extends SmsService {
  readonly #orderIds: SequentialOrderIds;
  readonly #connection: { platform: InProcessPlatform };

  /** @param options options of the app's `LaafficModule` that change its messages. */
  constructor(@Optional() options: FakeSmsOptions = {}) {
    const orderIds = new SequentialOrderIds();
    const connection = { platform: new InProcessPlatform() };
    super(inProcessAccount(() => connection.platform, orderIds, options));
    this.#orderIds = orderIds;
    this.#connection = connection;
  }

  /** Every accepted message, oldest first, without rejected and unknown ones. */
  get sent(): readonly SentSms[] {
    return [...this.#platform.messages.sent];
  }

  /** Every one-time password that was confirmed as used, oldest first. */
  get conversions(): readonly Conversion[] {
    return [...this.#platform.conversions];
  }

  /** Returns the last message. @throws {AssertionError} if nothing was sent. */
  lastMessage(): SentSms {
    return this.#platform.messages.sent.at(-1) ?? this.#fail('Expected a message');
  }

  /** Asserts that a message was sent that the predicate accepts. @throws {AssertionError} */
  assertSent(predicate?: SentPredicate): void {
    if (this.#platform.messages.sent.some(predicate ?? anything)) return;
    this.#fail(`Expected a message${accepted(predicate)}`);
  }

  /**
   * Asserts that a message was sent to a number, and that the predicate accepts it.
   * @param number in any form that a send accepts.
   * @throws {AssertionError}
   * @example
   * sms.assertSentTo('+91 8563 21412', ({ content }) => content.includes('booked'));
   */
  assertSentTo(number: string, predicate?: SentPredicate): void {
    if (this.#sentTo(number).some(predicate ?? anything)) return;
    this.#fail(`Expected a message to ${masked(number)}${accepted(predicate)}`);
  }

  /**
   * Asserts that no message was sent to a number.
   * @param number in any form that a send accepts.
   * @throws {AssertionError}
   */
  assertNotSentTo(number: string): void {
    if (this.#sentTo(number).length === 0) return;
    this.#fail(`Expected no message to ${masked(number)}`);
  }

  /** Asserts the number of messages; each recipient counts. @throws {AssertionError} */
  assertSentCount(count: number): void {
    if (this.#platform.messages.sent.length === count) return;
    this.#fail(`Expected ${count} ${count === 1 ? 'message' : 'messages'}`);
  }

  /** Asserts that nothing was sent. @throws {AssertionError} */
  assertNothingSent(): void {
    if (this.#platform.messages.sent.length > 0) this.#fail('Expected no message');
  }

  /**
   * Lets the next send fail that reaches the platform; a second call is for the send after it. `{ status: -10 }` and
   * `{ failure: 'timeout' }` fail the whole request, `{ reject: [number] }` rejects single recipients.
   * @throws {RangeError} if `status` is not below 0, or an entry of `reject` is not a number.
   * @example
   * sms.failNext({ failure: 'timeout' });
   */
  failNext(failure: SimulatedFailure | SimulatedRejection): void {
    this.#platform.sendFailures.push('reject' in failure ? rejectionOf(failure) : checkedFailure(failure));
  }

  /**
   * Lets the next query fail: delivery reports, sent messages, inbound messages, balance or conversion. It is not retried.
   * @throws {RangeError} if `status` is not below 0.
   */
  failNextQuery(failure: SimulatedFailure): void {
    this.#platform.queryFailures.push(checkedFailure(failure));
  }

  /**
   * Sets the delivery report of a message. Without it, a message that was sent is `sending`, any other is `not-found`.
   * @example
   * sms.setDeliveryReport(msgId, 'delivered', { at: new Date() });
   */
  setDeliveryReport(msgId: string, state: DeliveryState, details: ReportDetails = {}): void {
    this.#platform.reports.set(msgId, { ...details, state });
  }

  /** Adds a message to those that `listInboundMessages` returns. */
  addInboundMessage(sms: InboundMessageInput): void {
    this.#platform.inbound.add(sms);
  }

  /** Sets the balance, which sends do not change. The initial balance is the vendor's sample, `99.990000`. */
  setBalance(balance: string, { gift = '0', credit }: Partial<Omit<Balance, 'balance'>> = {}): void {
    this.#platform.funds = { balance, gift, ...(credit === undefined ? {} : { credit }) };
  }

  /** Forgets all messages, reports, failures and settings, and restarts the ids. */
  reset(): void {
    this.#connection.platform = new InProcessPlatform();
    this.#orderIds.restart();
  }

  get #platform(): InProcessPlatform {
    return this.#connection.platform;
  }

  #sentTo(number: string): SentSms[] {
    const digits = normalizeNumber(number);
    if (digits === undefined) {
      throw assertionError('Expected a phone number with country code to look for, 7 to 15 digits');
    }
    return this.#platform.messages.sent.filter((sms) => sms.number === digits);
  }

  #fail(expectation: string): never {
    throw assertionError(`${expectation}; ${describeSent(this.#platform.messages.sent)}`);
  }
}

/** With the operator of `assert.fail`; with another one Jest prints values that do not exist. */
function assertionError(message: string): AssertionError {
  return new AssertionError({ message, operator: 'fail' });
}

function anything(): boolean {
  return true;
}

function accepted(predicate: SentPredicate | undefined): string {
  return predicate === undefined ? '' : ' that the predicate accepts';
}

function masked(number: string): string {
  return maskNumber(normalizeNumber(number) ?? number);
}
