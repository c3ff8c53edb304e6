import { AssertionError } from 'node:assert';
import { Injectable, Optional } from '@nestjs/common';
import type { Balance } from '../messages/balance.js';
import type { DeliveryState } from '../messages/delivery-report.js';
import { maskNumber } from '../messages/mask-number.js';
import { normaliseNumber } from '../messages/phone-number.js';
import { SmsService } from '../sms.service.js';
import { CountedOrderIds } from './counted-order-ids.js';
import { inProcessAccount, type FakeSmsOptions } from './in-process-account.js';
import { InProcessPlatform, type Conversion } from './in-process-platform.js';
import type { ReceivedSms } from './inbox.js';
import type { ReportDetails } from './report-book.js';
import { describeSent, type SentSms } from './sent-sms.js';
import { checkedFailure, refusalOf, type SimulatedFailure, type SimulatedRefusal } from './simulated-failure.js';

/** Chooses among the messages that were sent. */
export type SentPredicate = (sms: SentSms) => boolean;

/**
 * An `SmsService` without a network, for the tests of an app. It is the real service, so it checks
 * commands, makes receipts and throws exceptions as in production; only the platform at its other
 * end is in this process, accepts everything unless told otherwise, and remembers it. Message ids and
 * order ids are the same in every run.
 */
@Injectable()
export class FakeSmsService extends SmsService {
  readonly #orderIds: CountedOrderIds;
  readonly #connection: { platform: InProcessPlatform };

  /** @param options those that the app gives to `LaafficModule`, where its messages depend on them. */
  constructor(@Optional() options: FakeSmsOptions = {}) {
    const orderIds = new CountedOrderIds();
    const connection = { platform: new InProcessPlatform() };
    super(...inProcessAccount(() => connection.platform, orderIds, options));
    this.#orderIds = orderIds;
    this.#connection = connection;
  }

  /** Every accepted message, oldest first. Refused, failed and unknown ones are not among them. */
  get sent(): readonly SentSms[] {
    return [...this.#platform.outbox.sent];
  }

  /** Every OTP that was confirmed as used, oldest first. */
  get conversions(): readonly Conversion[] {
    return [...this.#platform.conversions];
  }

  /** @throws {AssertionError} if nothing was sent. */
  lastMessage(): SentSms {
    return this.#platform.outbox.sent.at(-1) ?? this.#fail('Expected a message');
  }

  /** @throws {AssertionError} unless at least one message was sent, or one that the predicate accepts. */
  assertSent(predicate?: SentPredicate): void {
    if (this.#platform.outbox.sent.some(predicate ?? anything)) return;
    this.#fail(`Expected a message${accepted(predicate)}`);
  }

  /**
   * @param number written in any way that a send takes.
   * @throws {AssertionError} unless at least one message was sent to the number, or one that the predicate accepts.
   */
  assertSentTo(number: string, predicate?: SentPredicate): void {
    if (this.#sentTo(number).some(predicate ?? anything)) return;
    this.#fail(`Expected a message to ${masked(number)}${accepted(predicate)}`);
  }

  /**
   * @param number written in any way that a send takes.
   * @throws {AssertionError} if a message was sent to the number.
   */
  assertNotSentTo(number: string): void {
    if (this.#sentTo(number).length === 0) return;
    this.#fail(`Expected no message to ${masked(number)}`);
  }

  /** @throws {AssertionError} unless exactly so many messages were sent; each recipient counts. */
  assertSentCount(count: number): void {
    if (this.#platform.outbox.sent.length === count) return;
    this.#fail(`Expected ${count} ${count === 1 ? 'message' : 'messages'}`);
  }

  /** @throws {AssertionError} if anything was sent. */
  assertNothingSent(): void {
    if (this.#platform.outbox.sent.length > 0) this.#fail('Expected no message');
  }

  /**
   * Lets the next send fail that gets as far as the platform; said again, the one after it too.
   * `{ status: -10 }` and `{ failure: 'timeout' }` fail as a whole, `{ reject: [number] }` refuses
   * single recipients.
   * @throws {RangeError} if `status` is not below 0, or `reject` names what is no number.
   */
  failNext(failure: SimulatedFailure | SimulatedRefusal): void {
    this.#platform.sendFailures.push('reject' in failure ? refusalOf(failure) : checkedFailure(failure));
  }

  /**
   * Lets the next request of a query fail: reports, records, inbound, balance, conversion. It is not tried again.
   * @throws {RangeError} if `status` is not below 0.
   */
  failNextQuery(failure: SimulatedFailure): void {
    this.#platform.queryFailures.push(checkedFailure(failure));
  }

  /** Says what is reported of a message from now on; until then it is `sending`, and `not-found` if it was never sent. */
  willReport(msgId: string, state: DeliveryState, details: ReportDetails = {}): void {
    this.#platform.reports.set(msgId, { ...details, state });
  }

  /** Adds a message to those that `inbound` finds. */
  willReceive(sms: ReceivedSms): void {
    this.#platform.inbox.add(sms);
  }

  /** Says what the account holds; sends cost nothing. Until then it is the vendor's sample, `99.990000`. */
  balanceIs(balance: string, { gift = '0', credit }: Partial<Omit<Balance, 'balance'>> = {}): void {
    this.#platform.funds = { balance, gift, ...(credit === undefined ? {} : { credit }) };
  }

  /** As new: nothing sent, nothing to fail, nothing reported, ids from the beginning. */
  reset(): void {
    this.#connection.platform = new InProcessPlatform();
    this.#orderIds.restart();
  }

  get #platform(): InProcessPlatform {
    return this.#connection.platform;
  }

  #sentTo(number: string): SentSms[] {
    const digits = normaliseNumber(number);
    if (digits === undefined) {
      throw assertionError('Expected a phone number with country code to look for, 7 to 15 digits');
    }
    return this.#platform.outbox.sent.filter((sms) => sms.number === digits);
  }

  #fail(expectation: string): never {
    throw assertionError(`${expectation}; ${describeSent(this.#platform.outbox.sent)}`);
  }
}

/** The operator of `assert.fail`: with another one Jest adds values that are not there. */
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
  return maskNumber(normaliseNumber(number) ?? number);
}
