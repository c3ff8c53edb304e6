import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { BulkRun } from './bulk/bulk-run.js';
import type { BulkMessage, BulkOptions } from './bulk/bulk.options.js';
import type { RecipientSource } from './bulk/chunks.js';
import { openBulkRun } from './bulk/open-bulk-run.js';
import { MAX_TIMER_MS, type GatewayClock } from './clock.js';
import { invalidCommand } from './errors/invalid-command.js';
import { requestBalance, sendConversion } from './gateway/query/account.js';
import { requestDeliveryReports, requestSentMessages } from './gateway/query/delivery-reports.js';
import { requestInboundMessages } from './gateway/query/inbound-messages.js';
import type { QueryClient, QueryRequestOptions } from './gateway/query/query-client.js';
import type { SendCallOptions, SendClient } from './gateway/send/send-client.js';
import type { RequestEvent } from './gateway/traffic/request-events.js';
import type { Balance } from './messages/balance.js';
import { readConversion, readMessageIds, type ConversionInput } from './messages/conversion.js';
import type { DeliveryReport } from './messages/delivery-report.js';
import type { InboundSms } from './messages/inbound-sms.js';
import { checkGeneratedOrderIds, checkOrderIdPrefix, type OrderIdGenerator } from './messages/order-ids.js';
import { MAX_RECIPIENTS } from './messages/recipients.js';
import { readBatch, readSendCommand, type SendSms } from './messages/send-command.js';
import type { AcceptedRecipient, SmsReceipt } from './messages/sms-receipt.js';
import { readTimeRange, type CheckedRange, type TimeRange } from './messages/time-range.js';
import { accountOf, type Account, type AccountOptions } from './options/account.js';
import type { LaafficSettings } from './options/laaffic.settings.js';
import type { Randomness } from './randomness.js';
import type { AccountRateLimiters } from './rate/account-rate-limiters.js';
import type { RateLimiter } from './rate/rate-limiter.js';

/** The options of one call. */
export interface QueryOptions {
  /** Ends the call. */
  signal?: AbortSignal | undefined;
  /**
   * The time limit of the call in milliseconds; for iterables, of each page.
   * @default the module's `timeoutMs` for sends, its `queryRetry.timeoutMs` for queries
   */
  timeoutMs?: number | undefined;
}

/**
 * The options of one send. After an abort the outcome is `rejected` if the request was not written yet, and `unknown` if
 * it was: an abort cannot take back what the gateway may have read.
 */
export interface SendOptions extends QueryOptions {
  /**
   * POST takes 1,000 recipients a request, GET 100.
   * @default the module's `method`
   */
  method?: 'POST' | 'GET' | undefined;
  /**
   * The priority under the module's `rate`: `high` never waits for `normal`.
   * @default 'high' for `send`, 'normal' for `sendBatch`; `sendBulk` is always normal
   */
  priority?: 'high' | 'normal' | undefined;
  /**
   * Decides whether the message may still be sent. Called right before the first byte of each request is written, after
   * every wait: for the rate, for a connection, for a process that stood still. If it returns `false` or throws, nothing
   * is written or retried, and the call fails as `rejected` with the code `LAAFFIC_SEND_PREVENTED`. The request waits for
   * it, so it should be fast.
   * @default every request is sent
   * @example
   * // A one-time password is useless once it has expired:
   * await sms.send(command, { shouldSend: () => Date.now() < expiresAt });
   */
  shouldSend?: (() => boolean) | undefined;
  /**
   * The beginning of the order ids that are generated for recipients without one. A dot and the recipient's position
   * follow, from 0, in base 36: `prefix.0`, …, `prefix.rr`. Use it to find a recipient by the order id of a report alone.
   * No other request may ever have the same prefix.
   * @default 72 random bits
   */
  orderIdPrefix?: string | undefined;
}

/** The options of `sendOne`. */
export interface SendOneOptions extends Omit<SendOptions, 'orderIdPrefix'>, Pick<SendSms, 'senderId'> {
  /**
   * Your own id of the message. Delivery reports have it too.
   * @default a generated one
   */
  orderId?: string | undefined;
}

/** The classes that a service works with, and its account. */
export interface SmsServiceParts {
  readonly account: Account;
  readonly settings: LaafficSettings;
  readonly sends: SendClient;
  readonly queries: QueryClient;
  readonly events: Observable<RequestEvent>;
  readonly orderIds: OrderIdGenerator;
  readonly clock: GatewayClock;
  readonly randomness: Randomness;
  readonly limiters: AccountRateLimiters;
}

/**
 * Sends and queries SMS for one Laaffic account.
 * @example
 * constructor(private readonly sms: SmsService) {}
 *
 * async sendCode(number: string, code: string) {
 *   const { msgId } = await this.sms.sendOne(number, `Your code is ${code}`);
 *   return msgId; // resolving means accepted
 * }
 */
@Injectable()
export class SmsService {
  readonly #parts: SmsServiceParts;
  /** Held here: the rate limit of an account lasts as long as a service of it. */
  readonly #limiter: RateLimiter;

  /** @internal Nest creates it; `withAccount` creates others. */
  constructor(parts: SmsServiceParts) {
    this.#parts = parts;
    this.#limiter = parts.limiters.of(parts.account.appId);
  }

  /** The application id of the account that this service sends for. */
  get appId(): string {
    return this.#parts.account.appId;
  }

  /**
   * Milliseconds by which the gateway's clock was ahead of this machine's at the last query, exact to the second; 0 before
   * the first query, and if its response had no time.
   */
  get clockOffsetMs(): number {
    return this.#parts.clock.measuredOffsetMs;
  }

  /**
   * The start and the end of each single request to the gateway, of this service and of every `withAccount(…)` of it.
   * Subscribers run at once, in the context of the caller, so they should be fast. What they throw does not reach the
   * send: rxjs reports it as an uncaught exception, or to its `config.onUnhandledError`.
   * @example
   * sms.requestEvents.subscribe((event) => {
   *   if (event.type === 'ended') histogram.record(event.durationMs, { outcome: event.outcome });
   * });
   */
  get requestEvents(): Observable<RequestEvent> {
    return this.#parts.events;
  }

  /**
   * Returns the same service for another account, for tenants with an account of their own: the same connections, their
   * own signature, nothing shared between accounts. Create one for each tenant and reuse it, or one for each call.
   * @throws {LaafficOptionsError} naming each field that is missing or malformed.
   * @example
   * await sms.withAccount({ appId, apiKey, apiSecret }).send(command);
   */
  withAccount(account: AccountOptions): SmsService {
    return new SmsService({ ...this.#parts, account: accountOf(account) });
  }

  /**
   * Sends one text to one or many recipients in one request.
   *
   * Resolves if the gateway accepted at least one recipient, so for a single recipient resolving means accepted. With
   * several recipients, look at `rejected` and `unknown` too.
   * @throws {LaafficException} if no recipient was accepted. Its `outcome` says whether it is safe to send again, its
   * `receipt` has the outcome of each recipient. An invalid command is rejected before anything leaves the process, with
   * every problem and its position.
   * @example
   * const { accepted, rejected, unknown } = await sms.send({
   *   to: ['+91 8563 21412', { number: '91856321413', orderId: 'order-2' }],
   *   content: 'Your table is ready',
   * });
   */
  async send(command: SendSms, options: SendOptions = {}): Promise<SmsReceipt> {
    const { settings, account, sends } = this.#parts;
    const { method = settings.method, priority = 'high', orderIdPrefix } = options;
    const { timeoutMs, signal, shouldSend, turn } = this.#sendOptions(options, priority);
    const read = readSendCommand(command, MAX_RECIPIENTS[method], this.#orderIdsFor(orderIdPrefix));
    if ('issues' in read) throw invalidCommand(read.issues);
    const repeated = orderIdPrefix === undefined ? undefined : checkGeneratedOrderIds(command.to, read.sms.recipients);
    if (repeated !== undefined) throw invalidCommand([repeated]);
    const { recipients, content, senderId = account.senderId } = read.sms;
    return sends.sendSms(account, { recipients, content, senderId }, { method, timeoutMs, signal, shouldSend, turn });
  }

  /**
   * Sends one text to one recipient: the shortest way to send a one-time password.
   * @param to a number with country code.
   * @returns the gateway's id of the message, and its order id. Resolving means accepted.
   * @throws {LaafficException} if the message was not accepted, as `send` does.
   * @example
   * const { msgId } = await sms.sendOne('+91 8563 21412', 'Your code is 4711');
   */
  async sendOne(
    to: string,
    content: string,
    { orderId, senderId, ...options }: SendOneOptions = {},
  ): Promise<{ msgId: string; orderId: string }> {
    const recipient = orderId === undefined ? to : { number: to, orderId };
    const { accepted } = await this.send({ to: recipient, content, senderId }, options);
    // `send` throws unless its only recipient was accepted.
    const [{ msgId, orderId: id }] = accepted as [AcceptedRecipient];
    return { msgId, orderId: id };
  }

  /**
   * Sends a different text for each message, in one request. Each message has the form that `send` takes. All together
   * have at most `maxBatchRecipients` recipients.
   * @returns one receipt for all messages; the order ids tell the recipients apart.
   * @throws {LaafficException} as `send` does.
   */
  async sendBatch(messages: readonly SendSms[], options: Omit<SendOptions, 'method'> = {}): Promise<SmsReceipt> {
    const { settings, account, sends } = this.#parts;
    const { priority = 'normal', orderIdPrefix } = options;
    const call = this.#sendOptions(options, priority);
    const read = readBatch(messages, settings.maxBatchRecipients, this.#orderIdsFor(orderIdPrefix));
    if ('issues' in read) throw invalidCommand(read.issues);
    const batch = {
      messages: read.messages.map((sms) => ({ ...sms, senderId: sms.senderId ?? account.senderId })),
      recipients: read.messages.flatMap(({ recipients }) => recipients),
    };
    return sends.sendBatch(account, batch, call);
  }

  /**
   * Sends one text to any number of recipients, request by request, in constant memory, and yields a receipt for each
   * request. Nothing is sent until the run is iterated, and it stays at most a few requests ahead of its reader. Wrong
   * numbers are rejected one by one, with their positions.
   * @param recipients anything iterable: a list, a generator, a database cursor, a stream of a file.
   * @throws {LaafficInputException} if the message or the options are wrong; nothing was sent.
   * @example
   * for await (const receipt of sms.sendBulk(numbers, { content: 'Sale!' })) console.log(receipt.accepted.length);
   */
  sendBulk(recipients: RecipientSource, message: BulkMessage, options: BulkOptions = {}): BulkRun {
    checkTimeout(options.timeoutMs ?? this.#parts.settings.timeoutMs);
    return openBulkRun({ ...this.#parts, limiter: this.#limiter }, recipients, message, options);
  }

  /**
   * Requests the delivery state of messages; any number of ids, 200 a request.
   * @returns a report for each id, in their order. `not-found` does not mean failed: the message may still be queued.
   * @throws {LaafficException}
   */
  async getDeliveryReports(msgIds: readonly string[], options: QueryOptions = {}): Promise<DeliveryReport[]> {
    const read = readMessageIds(msgIds);
    if ('issues' in read) throw invalidCommand(read.issues);
    const { queries, account } = this.#parts;
    return requestDeliveryReports(queries, account, read.msgIds, this.#queryOptions(options));
  }

  /**
   * Lists the finished messages of a time range. The platform keeps about 90 days. Ranges longer than the platform takes
   * are requested piece by piece.
   * @throws {LaafficException} while iterating.
   */
  listSentMessages(range: TimeRange, options: QueryOptions = {}): AsyncIterable<DeliveryReport> {
    const { queries, account } = this.#parts;
    return requestSentMessages(queries, account, checkedRange(range), this.#queryOptions(options));
  }

  /**
   * Lists the messages that people sent to your numbers in a time range.
   * @throws {LaafficException} while iterating.
   */
  listInboundMessages(range: TimeRange, options: QueryOptions = {}): AsyncIterable<InboundSms> {
    const { queries, account } = this.#parts;
    return requestInboundMessages(queries, account, checkedRange(range), this.#queryOptions(options));
  }

  /**
   * Requests the balance of the account.
   * @throws {LaafficException}
   */
  async getBalance(options: QueryOptions = {}): Promise<Balance> {
    const { queries, account } = this.#parts;
    return requestBalance(queries, account, this.#queryOptions(options));
  }

  /**
   * Tells the platform that a person used the one-time password that they were sent, which improves its routing.
   * @throws {LaafficException}
   */
  async confirmConversion(conversion: ConversionInput, options: QueryOptions = {}): Promise<void> {
    const read = readConversion(conversion);
    if ('issues' in read) throw invalidCommand(read.issues);
    const { queries, account } = this.#parts;
    await sendConversion(queries, account, read, this.#queryOptions(options));
  }

  #sendOptions(options: SendOptions, priority: 'high' | 'normal'): SendCallOptions {
    const { timeoutMs = this.#parts.settings.timeoutMs, signal, shouldSend } = options;
    checkTimeout(timeoutMs);
    return { timeoutMs, signal, shouldSend, turn: { limiter: this.#limiter, priority, caller: this } };
  }

  #queryOptions({ timeoutMs = this.#parts.settings.queryRetry.timeoutMs, signal }: QueryOptions): QueryRequestOptions {
    checkTimeout(timeoutMs);
    return { timeoutMs, signal };
  }

  #orderIdsFor(prefix: string | undefined): (index: number) => string {
    const issue = checkOrderIdPrefix(prefix);
    if (issue !== undefined) throw invalidCommand([issue]);
    return this.#parts.orderIds.forRequest(prefix);
  }
}

function checkedRange(range: TimeRange): CheckedRange {
  const read = readTimeRange(range);
  if ('issues' in read) throw invalidCommand(read.issues);
  return read;
}

/** Node's timers fire at once beyond 2^31 - 1 milliseconds. */
function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && timeoutMs >= 1 && timeoutMs < MAX_TIMER_MS + 1) return;
  throw invalidCommand([{ field: 'timeoutMs', problem: 'must be milliseconds, from 1 and below 2147483648' }]);
}
