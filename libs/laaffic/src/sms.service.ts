import { Injectable, Logger } from '@nestjs/common';
import type { Observable } from 'rxjs';
import type { BulkRun } from './bulk/bulk-run.js';
import type { BulkMessage, BulkOptions } from './bulk/bulk.options.js';
import type { RecipientSource } from './bulk/chunks.js';
import { openBulkRun } from './bulk/open-bulk-run.js';
import { GatewayClock } from './clock.js';
import { invalidCommand } from './errors/invalid-command.js';
import { LaafficException } from './errors/laaffic.exception.js';
import { LOCAL_FAILURES } from './errors/local-failures.js';
import { askBalance, postConversion } from './gateway/account.queries.js';
import { Deadline } from './gateway/deadline.js';
import { askInbound } from './gateway/inbound.js';
import { LaafficGateway } from './gateway/laaffic.gateway.js';
import { LaafficQueries, type AskOptions } from './gateway/laaffic.queries.js';
import { askReports, askSentRecords } from './gateway/reports.js';
import type { GatewayTraffic } from './gateway/traffic.events.js';
import { notBegun } from './gateway/unsettled.js';
import type { Balance } from './messages/balance.js';
import type { DeliveryReport } from './messages/delivery-report.js';
import type { InboundSms } from './messages/inbound-sms.js';
import { checkMadeOrderIds, checkOrderIdPrefix, OrderIds } from './messages/order-id.js';
import { readBatch } from './messages/read-batch.js';
import { readConversion, type ConversionInput } from './messages/read-conversion.js';
import { readMessageIds } from './messages/read-message-ids.js';
import { readSendCommand } from './messages/read-send-command.js';
import { MAX_RECIPIENTS, type Recipient } from './messages/recipients.js';
import type { SendSms } from './messages/send-sms.js';
import type { SmsReceipt } from './messages/sms-receipt.js';
import { readTimeRange, type CheckedRange, type TimeRange } from './messages/time-range.js';
import { accountOf, type Account, type AccountOptions } from './options/account.js';
import { LaafficSettings } from './options/laaffic.settings.js';
import { Randomness } from './randomness.js';
import { AccountLimiters } from './rate/account-limiters.js';
import type { RequestLimiter } from './rate/request-limiter.js';

/** How one call is made. */
export interface QueryOptions {
  /** Ends the call. */
  signal?: AbortSignal | undefined;
  /**
   * The most that the call may take, in milliseconds; for iterables, that one page may take.
   * @default the module's `timeout` for sends, its `queries.timeout` for queries
   */
  timeout?: number | undefined;
}

/**
 * How one send is made. An abort before the request was written makes its outcome `rejected`, later
 * `unknown`: it cannot take back what the gateway may have read.
 */
export interface SendOptions extends QueryOptions {
  /**
   * POST takes 1,000 recipients a request, GET 100.
   * @default the module's `method`
   */
  method?: 'POST' | 'GET' | undefined;
  /**
   * Whose turn comes first under the module's `rate`: `high` never waits for `normal`.
   * @default 'high' for `send`, 'normal' for `sendEach`; `sendBulk` is always normal
   */
  priority?: 'high' | 'normal' | undefined;
  /**
   * Asked right before the first byte of each attempt is written, after every wait: for a turn, for a
   * connection, for a process that stood still. Where it returns `false` or throws, nothing is written,
   * nothing is tried again, and the call fails as `rejected` with the code `LAAFFIC_WITHHELD`. The
   * writing waits for it: let it be quick.
   * @default every attempt starts
   */
  mayStart?: (() => boolean) | undefined;
  /**
   * What the order ids begin with that are made for recipients without one; a dot and the recipient's
   * place follow, from 0, with digits to the base 36: `prefix.0`, …, `prefix.rr`. For callers that know
   * from a report's order id alone whose it is. No other request may ever have the same.
   * @default 72 random bits
   */
  orderIdPrefix?: string | undefined;
}

/** What waits for its turn. */
interface SendTurn {
  readonly recipients: readonly Recipient[];
  readonly priority: 'high' | 'normal';
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

/** Everything that one Laaffic account can do with SMS. */
@Injectable()
export class SmsService {
  readonly #logger = new Logger(SmsService.name);
  readonly #account: Account;
  readonly #limiter: RequestLimiter;

  constructor(
    private readonly settings: LaafficSettings,
    private readonly gateway: LaafficGateway,
    private readonly queries: LaafficQueries,
    private readonly orderIds: OrderIds,
    private readonly clock: GatewayClock,
    private readonly randomness: Randomness,
    private readonly limiters: AccountLimiters,
    account = settings.account,
  ) {
    this.#account = account;
    this.#limiter = limiters.of(account.appId);
  }

  /** The application's id of the account that this service sends for. */
  get appId(): string {
    return this.#account.appId;
  }

  /**
   * How far the gateway's clock was ahead of this machine's at the last query, in milliseconds, to the
   * second; 0 before the first, and where its answer told no time.
   */
  get clockOffset(): number {
    return this.clock.observed;
  }

  /**
   * Each single request to the gateway, when it starts and when it ends, of this service and of every
   * `as(…)` of it. Subscribers are called at once, in the context of the caller: let them be quick. What
   * they throw does not reach the send; rxjs reports it as an uncaught exception, or to its
   * `config.onUnhandledError`.
   */
  get traffic(): Observable<GatewayTraffic> {
    return this.gateway.traffic.events;
  }

  /**
   * The same service in the name of another account, for tenants that bring their own: the same
   * connections, their own signature, nothing kept between accounts. Make one for each tenant and
   * use it again, or one for each call.
   * @throws {LaafficOptionsError} naming each field that is missing or malformed.
   */
  as(account: AccountOptions): SmsService {
    const { settings, gateway, queries, orderIds, clock, randomness, limiters } = this;
    return new SmsService(settings, gateway, queries, orderIds, clock, randomness, limiters, accountOf(account));
  }

  /**
   * Sends one text to one or many recipients in one request.
   *
   * Resolves if the gateway accepted at least one recipient, so for a single recipient resolving
   * means accepted. With several, look at `rejected` and `unknown` too.
   * @throws {LaafficException} if nobody was accepted. Its `outcome` says whether sending again is
   * safe, its `receipt` what became of each recipient. Wrong commands are refused before anything
   * leaves the process, with every problem and its position.
   */
  async send(command: SendSms, options: SendOptions = {}): Promise<SmsReceipt> {
    const { method = this.settings.method, timeout = this.settings.timeout, priority = 'high' } = options;
    const { signal, mayStart, orderIdPrefix } = options;
    checkTimeout(timeout);
    const read = readSendCommand(command, MAX_RECIPIENTS[method], this.orderIdMaker(orderIdPrefix));
    if ('issues' in read) throw invalidCommand(read.issues);
    const same = orderIdPrefix === undefined ? undefined : checkMadeOrderIds(command.to, read.sms.recipients);
    if (same !== undefined) throw invalidCommand([same]);
    const sms = { ...read.sms, senderId: read.sms.senderId ?? this.#account.senderId };
    const turn = { recipients: sms.recipients, priority, timeout, signal };
    return this.reporting(
      this.inTurn(turn, (left) =>
        this.gateway.sendSms(this.#account, sms, { method, timeout: left, signal, mayStart }),
      ),
    );
  }

  /**
   * Sends another text for each message, in one request; each has the form that `send` takes, and
   * all together at most `maxBatchRecipients` recipients.
   * @returns one receipt for all; recipients are told apart by their order ids.
   * @throws {LaafficException} as `send` does.
   */
  async sendEach(messages: readonly SendSms[], options: Omit<SendOptions, 'method'> = {}): Promise<SmsReceipt> {
    const { timeout = this.settings.timeout, priority = 'normal', signal, mayStart, orderIdPrefix } = options;
    checkTimeout(timeout);
    const read = readBatch(messages, this.settings.maxBatchRecipients, this.orderIdMaker(orderIdPrefix));
    if ('issues' in read) throw invalidCommand(read.issues);
    const batch = {
      messages: read.messages.map((sms) => ({ ...sms, senderId: sms.senderId ?? this.#account.senderId })),
      recipients: read.messages.flatMap(({ recipients }) => recipients),
    };
    const turn = { recipients: batch.recipients, priority, timeout, signal };
    return this.reporting(
      this.inTurn(turn, (left) =>
        this.gateway.sendBatch(this.#account, batch, { method: 'POST', timeout: left, signal, mayStart }),
      ),
    );
  }

  /**
   * Sends one text to any number of recipients, request by request, in constant memory, and gives a
   * receipt for each request. Nothing is sent until the run is iterated, and it goes no further ahead
   * of its reader than a few requests. Wrong numbers are refused one by one, with their positions.
   * @param recipients anything iterable: a list, a generator, a database cursor, a stream of a file.
   * @throws {LaafficInputException} if the message or the options are wrong; nothing was sent.
   */
  sendBulk(recipients: RecipientSource, message: BulkMessage, options: BulkOptions = {}): BulkRun {
    const { settings, gateway, orderIds, randomness } = this;
    checkTimeout(options.timeout ?? settings.timeout);
    const parts = { account: this.#account, settings, gateway, orderIds, randomness, limiter: this.#limiter };
    return openBulkRun(parts, recipients, message, options);
  }

  /**
   * Asks where messages are; any number of ids, 200 a request.
   * @returns a report for each id, in their order. `not-found` is not failed: it may be queued still.
   * @throws {LaafficException}
   */
  async reports(msgIds: readonly string[], options: QueryOptions = {}): Promise<DeliveryReport[]> {
    const read = readMessageIds(msgIds);
    if ('issues' in read) throw invalidCommand(read.issues);
    return this.reporting(askReports(this.queries, this.#account, read.msgIds, this.asking(options)));
  }

  /**
   * The finished messages of a span of time; the platform keeps about 90 days. Longer spans than the
   * platform takes are asked for piece by piece.
   * @throws {LaafficException} while iterating.
   */
  sentRecords(range: TimeRange, options: QueryOptions = {}): AsyncIterable<DeliveryReport> {
    return askSentRecords(this.queries, this.#account, checkedRange(range), this.asking(options));
  }

  /**
   * The messages that people wrote to your numbers over a span of time.
   * @throws {LaafficException} while iterating.
   */
  inbound(range: TimeRange, options: QueryOptions = {}): AsyncIterable<InboundSms> {
    return askInbound(this.queries, this.#account, checkedRange(range), this.asking(options));
  }

  /**
   * What the account holds.
   * @throws {LaafficException}
   */
  async balance(options: QueryOptions = {}): Promise<Balance> {
    return this.reporting(askBalance(this.queries, this.#account, this.asking(options)));
  }

  /**
   * Tells the platform that somebody used the OTP they were sent, which improves its routing.
   * @throws {LaafficException}
   */
  async confirmConversion(conversion: ConversionInput, options: QueryOptions = {}): Promise<void> {
    const read = readConversion(conversion);
    if ('issues' in read) throw invalidCommand(read.issues);
    await this.reporting(postConversion(this.queries, this.#account, read, this.asking(options)));
  }

  /** Waits for a turn under the module's `rate`; what is left of the time is for the request. */
  private async inTurn(turn: SendTurn, send: (timeout: number) => Promise<SmsReceipt>): Promise<SmsReceipt> {
    const { recipients, priority, timeout, signal } = turn;
    const deadline = new Deadline(timeout);
    const end = await this.#limiter.take({ recipients: recipients.length, priority, caller: this, signal, timeout });
    if (end === 'aborted') {
      const reason = 'aborted before the request was written';
      throw notBegun(LOCAL_FAILURES.abortedUnsent, recipients, { reason, cause: signal?.reason });
    }
    const left = deadline.remaining();
    if (end === 'timeout' || left === 0) {
      throw notBegun(LOCAL_FAILURES.rateLimited, recipients, { reason: 'no turn in time' });
    }
    return send(left);
  }

  private orderIdMaker(prefix: string | undefined): (index: number) => string {
    const issue = checkOrderIdPrefix(prefix);
    if (issue !== undefined) throw invalidCommand([issue]);
    return this.orderIds.forRequest(prefix);
  }

  private asking({ timeout = this.settings.queries.timeout, signal }: QueryOptions): AskOptions {
    checkTimeout(timeout);
    return { timeout, signal };
  }

  /** What the operator has to mend is a warning; everything else is for the caller, who gets the exception. */
  private async reporting<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      if (error instanceof LaafficException) {
        const text = `${error.message} Outcome: ${error.outcome}.`;
        if (error.kind === 'account' || error.kind === 'clock') this.#logger.warn(text);
        else this.#logger.debug(text);
      }
      throw error;
    }
  }
}

function checkedRange(range: TimeRange): CheckedRange {
  const read = readTimeRange(range);
  if ('issues' in read) throw invalidCommand(read.issues);
  return read;
}

/** Node's timers fire at once beyond 2^31 - 1 milliseconds. */
function checkTimeout(timeout: number): void {
  if (timeout > 0 && timeout < 2 ** 31) return;
  throw invalidCommand([{ field: 'timeout', problem: 'must be above 0 and below 2147483648 milliseconds' }]);
}
