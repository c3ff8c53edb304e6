import { Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { invalidCommand, SmsReceipt } from 'nestjs-laaffic';
import { OutboxError } from './errors/outbox.error.js';
import type { SqlTransaction } from './sql-transaction.js';
import { checkPage, checkTimeout } from './messages/command-checks.js';
import { CostsReader, type CostsRange, type DailyCosts } from './costs/daily-costs.js';
import type { EnqueueManyResult } from './messages/enqueue-many.error.js';
import {
  FailedEvents,
  type FailedEvent,
  type FailedEventsFilter,
  type FailedEventsSelection,
} from './events/failed-events.js';
import {
  HeldRecipients,
  type HeldDecision,
  type HeldFilter,
  type HeldRecipient,
  type ResolveOptions,
} from './messages/held-recipients.js';
import { History, type HistoryEntry, type HistoryFilter, type HistoryPage } from './messages/history.js';
import { LaneControl, type LaneControlOptions, type PauseLaneOptions } from './messages/lane-control.js';
import { ManyMessages, type EnqueueManyOptions } from './messages/many-messages.js';
import type { MessageSource } from './messages/message-batches.js';
import { MessageList, type MessageFilter, type MessagePage } from './messages/message-list.js';
import { MessageTexts, type OutboxSms } from './messages/message-text.js';
import { MessageReader, type OutboxMessage } from './messages/message-reader.js';
import { MessageWriter, type NewMessage } from './messages/message-writer.js';
import { NumberErasure, type EraseOptions, type ErasedNumber } from './messages/number-erasure.js';
import { OutcomeWaiter } from './messages/outcome-waiter.js';
import { readMessage, type MessageOptions, type MessageRules } from './messages/read-message.js';
import { StatsReader, type OutboxStats } from './messages/stats.js';
import { respectsOptOuts } from './store/opt-out-list.js';
import { LANES, type Lane } from './options/outbox.options.js';
import {
  UnreadablePushes,
  type StoredUnreadablePush,
  type UnreadablePushesFilter,
} from './reports/unreadable-pushes.js';
import { ProcessClock } from './runtime/clock.js';
import { cancelMessage } from './sql/generated.js';
import type { OutboxActivity } from './store/activity.js';
import { isRowId } from './store/order-ids.js';
import type { OutboxStore } from './store/outbox-store.js';
import type { TemplateCache } from './templates/template-cache.js';
import { AccountControl } from './worker/account-control.js';

/** How to enqueue a message. */
export interface EnqueueOptions extends MessageOptions {
  /**
   * The app's own SQL transaction. The message is sent if it commits, and never existed if it is rolled back.
   * @default a transaction of its own, committed when the call resolves
   */
  readonly transaction?: SqlTransaction | undefined;
}

/** A message in the outbox. */
export interface EnqueuedSms {
  readonly id: string;
  /** `false` if the idempotency key was used before: this is the message of the earlier call. */
  readonly isNew: boolean;
}

/** The page size of unreadable pushes: each may have tens of kilobytes. */
const LARGEST_PAGE = 100;

/**
 * Sends messages durably: a message that `enqueue` accepted is sent once, or its outcome is reported as unknown.
 * @example
 * const { id } = await outbox.enqueue({ to: '6512345678', content: 'Your order is on its way' }, { reference: order.id });
 */
@Injectable()
export class SmsOutbox {
  readonly #writer: MessageWriter;
  readonly #reader: MessageReader;
  readonly #list: MessageList;
  readonly #outcomes: OutcomeWaiter;
  readonly #held: HeldRecipients;
  readonly #history: History;
  readonly #stats: StatsReader;
  readonly #costs: CostsReader;
  readonly #unreadable: UnreadablePushes;
  readonly #failedEvents: FailedEvents;
  readonly #lanes: LaneControl;
  readonly #rules: MessageRules;
  readonly #texts: MessageTexts;

  constructor(
    private readonly store: OutboxStore,
    private readonly clock: ProcessClock,
    templates: TemplateCache,
  ) {
    this.#writer = new MessageWriter(store);
    this.#reader = new MessageReader(store, store.readers);
    this.#list = new MessageList(store);
    this.#outcomes = new OutcomeWaiter(new MessageReader(store, store.waiters));
    this.#held = new HeldRecipients(store);
    this.#history = new History(store);
    this.#stats = new StatsReader(store.account, store.callers, store.seals);
    this.#costs = new CostsReader(store.account, store.callers);
    this.#unreadable = new UnreadablePushes(store.account, store.callers);
    this.#failedEvents = new FailedEvents(store.account, store.callers);
    this.#lanes = new LaneControl(store);
    this.#rules = { seals: store.seals, sealed: store.settings.sealed };
    this.#texts = new MessageTexts(templates);
    store.listener.on('outcome', (id) => {
      this.#outcomes.read(id);
    });
  }

  /**
   * Stores a message and returns at once; a worker sends it. The command is checked like that of `SmsService.send`. It may
   * have a `template` instead of `content`: the text is rendered now, so a later change of the template does not concern
   * it, and with an idempotency key the rendered text must be the same.
   * @throws {LaafficInputException} naming each wrong field; nothing was stored.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED`, `OUTBOX_INVALID_TRANSACTION`; `OUTBOX_OPTED_OUT` if its only recipient wants no
   * messages, as far as this process knows. Others are left out when it is sent. Like every call,
   * `OUTBOX_DATABASE_UNAVAILABLE` or another database code if the outbox's own connection failed; `outcome` says
   * whether the message may be stored.
   * @throws the transaction's own error, unchanged.
   * @example
   * await db.transaction(async (tx) => {
   *   await saveOrder(tx, order);
   *   await outbox.enqueue({ to: order.phone, content: 'Thank you' }, { transaction: tx, reference: order.id });
   * });
   */
  enqueue(command: OutboxSms, options: EnqueueOptions = {}): Promise<EnqueuedSms> {
    return this.#add(command, options, false);
  }

  /**
   * Stores any number of different messages, such as personal texts, in batches of up to 2,000. Reads the source once, in
   * order and in constant memory; a message waits in memory until its batch is full or the source ends.
   *
   * Without a transaction each batch is committed at once. If each message has an idempotency key, the same call can be
   * repeated after any failure: it stores the messages that are missing. With a transaction nothing is sent unless that
   * commits, and the source is not read while a statement runs.
   * @returns how many messages were stored, stored before, and skipped.
   * @throws {LaafficInputException} naming each wrong option; nothing was read.
   * @throws {EnqueueManyError} with the number of messages that were stored: `OUTBOX_INVALID_MESSAGE` and
   * `OUTBOX_KEY_REUSED`, unless `onInvalid` is a function; `OUTBOX_SOURCE_FAILED` if the source throws;
   * `OUTBOX_ABORTED`; a database code. Messages before the one that stopped the call are stored.
   * @throws {OutboxError} `OUTBOX_INVALID_TRANSACTION`; nothing was read.
   * @throws the transaction's own error, and that of a callback, unchanged.
   * @example
   * const { added } = await outbox.enqueueMany(
   *   customers.map(({ id, phone, name }) => ({ to: phone, content: `Hello ${name}`, idempotencyKey: `hello ${id}` })),
   *   { onInvalid: ({ position, issues }) => console.warn(position, issues) },
   * );
   */
  enqueueMany(messages: MessageSource, options: EnqueueManyOptions = {}): Promise<EnqueueManyResult> {
    return new ManyMessages(this.#writer, this.clock, this.#rules, this.#texts).enqueue(messages, options);
  }

  /**
   * Stores a message and waits until the outcome of each recipient is known, or known to be uncertain.
   * @param options `timeoutMs`: how long to wait, 30 s by default. After it the message stays in the outbox.
   * @returns the receipt, or `undefined` if there is no outcome in time or it cannot be read.
   * @throws {LaafficInputException} and {OutboxError} as {@link enqueue}.
   * @example
   * const { id, receipt } = await outbox.send({ to: '6512345678', content: 'Your code: 123456' }, { timeoutMs: 10_000 });
   * if (receipt === undefined) console.log(`${id} is still on its way`);
   */
  async send(
    command: OutboxSms,
    options: Omit<EnqueueOptions, 'transaction'> & {
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<EnqueuedSms & { readonly receipt: SmsReceipt | undefined }> {
    const { timeoutMs = 30_000, signal, ...rest } = options;
    const issues = checkTimeout(timeoutMs);
    if (issues.length > 0) throw invalidCommand(issues);
    const enqueued = await this.#add(command, rest, true);
    const message = await this.#outcomes.wait(enqueued.id, { timeout: timeoutMs, signal, isNew: enqueued.isNew });
    return { ...enqueued, receipt: message === undefined ? undefined : receiptOf(message) };
  }

  /**
   * Emits what this process changes, from now on. Nothing is computed while there are no subscribers. A subscriber must
   * not throw.
   */
  get activityEvents(): Observable<OutboxActivity> {
    return this.store.activity;
  }

  /** Returns the message with each of its recipients, or `undefined` if there is none with this id. */
  find(id: string): Promise<OutboxMessage | undefined> {
    return this.#reader.find(id);
  }

  /** Returns the message that used, or will use, this order id. Finds messages of campaigns too. */
  findByOrderId(orderId: string): Promise<OutboxMessage | undefined> {
    return this.#reader.findByOrderId(orderId);
  }

  /**
   * Lists single messages, newest first, without their texts. Messages of campaigns are not in it.
   *
   * Lists by lane and time, number, or reference are fast, and so are messages with recipients that are rejected,
   * cancelled, unknown, held or abandoned. With other states and combinations one call compares up to 2,000 messages,
   * so a page may be short or empty although there are more: read on while there is a `before`.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * const { messages, before } = await outbox.list({ state: 'rejected', from: new Date(Date.now() - 3_600_000) });
   */
  list(filter: MessageFilter = {}): Promise<MessagePage> {
    return this.#list.read(filter);
  }

  /**
   * Returns how much waits, and whether and why the account or a lane is paused. Reads all open recipients: do not call
   * it for each request.
   */
  getStats(): Promise<OutboxStats> {
    return this.#stats.read();
  }

  /**
   * Counts the single messages of the priority lane that could be sent now, up to `max`. Cheap enough to call each
   * second, for example to decide whether to accept more.
   */
  countDue(max: number): Promise<number> {
    return this.#stats.countDue(max);
  }

  /**
   * Returns what the platform charged, by day, country and currency, as far as delivery reports said so. The day is that
   * on which the request started, in UTC: a late report changes the costs of an earlier day. Each recipient counts once,
   * also if its report is repeated. The costs are kept for ever, also when their messages are deleted.
   * @returns one entry for each day, country and currency, in this order.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * const costs = await outbox.getCosts({ from: '2027-01-01', to: '2027-01-31' });
   */
  async getCosts(range: CostsRange): Promise<DailyCosts[]> {
    return this.#costs.read(range);
  }

  /**
   * Resumes an account or lane that was paused automatically, at once, without waiting for a probe. Call it when the
   * cause is fixed. A lane that a person has paused stays paused: see {@link resumeLane}.
   * @param actor who did it, for the history.
   * @returns whether the account was paused, or a lane paused or limited.
   */
  async resumeAccount(actor: string): Promise<boolean> {
    const control = new AccountControl(this.store, this.store.callers);
    const wasLimited = await control.resumeLanes(actor);
    const wasPaused = (await control.resume(actor)) || wasLimited;
    if (wasPaused) for (const lane of LANES) this.store.due.notify(lane);
    return wasPaused;
  }

  /**
   * Erases a person's number from everything that is finished, with the texts that only this person got. Counts and
   * states stay; results leave the person out. It reads all stored numbers of the account. Not searched: texts to several
   * people, your references and idempotency keys, other forms of the number in invalid entries.
   * @returns also where the number cannot be erased yet. Cancel those, or wait, or decide, and call it again.
   * @throws {LaafficInputException} naming each wrong field; {OutboxError}; with the outcome `unknown` a part is done, and
   * the same call does the rest.
   * @example
   * const { open } = await outbox.eraseNumber('91 85632 1412', { actor: 'alice' });
   */
  eraseNumber(number: string, options: EraseOptions): Promise<ErasedNumber> {
    return new NumberErasure(this.store).erase(number, options);
  }

  /**
   * Pauses a lane for all workers, until {@link resumeLane}: they start no more requests of it, and requests in flight
   * finish. When the call resolves, no worker claims any more; `getStats().sending` is 0 when the last request has
   * ended. Messages are kept and may be enqueued, but those with a `sendBefore` expire.
   * @returns `false` if a person had paused the lane before; that pause stays as it is.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * await outbox.pauseLane('bulk', { actor: 'alice', reason: 'wrong text in the spring campaign' });
   */
  pauseLane(lane: Lane, options: PauseLaneOptions): Promise<boolean> {
    return this.#lanes.pause(lane, options);
  }

  /**
   * Resumes a lane that a person has paused, and wakes all workers. It does not change the automatic limit of a lane
   * whose requests get no responses.
   * @returns whether a person had paused the lane.
   * @throws {LaafficInputException} naming each wrong field.
   */
  resumeLane(lane: Lane, options: LaneControlOptions): Promise<boolean> {
    return this.#lanes.resume(lane, options);
  }

  /**
   * Sets the maximum number of concurrent requests of a lane for each worker process, until it is set again. Workers
   * with more requests in flight finish them first. Each request needs a connection to the gateway.
   * @param slots a whole number of at least 1; `undefined` for the option of each worker: `worker.prioritySlots` or
   * `worker.bulkSlots`.
   * @returns whether that is a change.
   * @throws {LaafficInputException} naming each wrong field.
   */
  setLaneConcurrency(lane: Lane, slots: number | undefined, options: LaneControlOptions): Promise<boolean> {
    return this.#lanes.setConcurrency(lane, slots, options);
  }

  /** Yields the history of a message, oldest entry first. Empty if there is no message with this id. */
  async *getHistory(id: string): AsyncGenerator<HistoryEntry, void, undefined> {
    if (isRowId(id)) yield* this.#history.ofMessage(id);
  }

  /**
   * Lists the history of everything, newest entry first: decisions, pauses, campaigns, and messages without a response.
   * With `event` or `actor`, one call compares up to 2,000 entries, so a page may be short or empty although there are
   * more: read on while there is a `before`. The list does not contain the storing of messages.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * const { entries } = await outbox.listHistory({ actor: 'alice', from: new Date('2026-01-31T09:00:00Z') });
   */
  listHistory(filter: HistoryFilter = {}): Promise<HistoryPage> {
    return this.#history.list(filter);
  }

  /**
   * Cancels a message that is still pending.
   * @param actor who did it, for the history.
   * @returns whether it was pending, so it is never sent.
   */
  async cancel(id: string, actor = 'app'): Promise<boolean> {
    if (!isRowId(id)) return false;
    const { account, callers } = this.store;
    const [row] = await callers.run(cancelMessage, { account, id, actor });
    return (row?.cancelled ?? 0) > 0;
  }

  /**
   * Yields the recipients on hold that need a manual decision, of messages and campaigns, oldest first. They are read
   * from the database as you consume them.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * for await (const { messageId, campaignId, position, number, sentAt } of outbox.listHeld()) { … }
   */
  listHeld(filter: HeldFilter = {}): AsyncGenerator<HeldRecipient, void, undefined> {
    return this.#held.list(filter);
  }

  /**
   * Decides about recipients of a single message that are on hold.
   * @returns about how many recipients it affected; 0 if there is no such message.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * await outbox.resolveHeld(messageId, 'abandon', { actor: 'alice' });
   */
  async resolveHeld(messageId: string, decision: HeldDecision, options: ResolveOptions): Promise<number> {
    if (!isRowId(messageId)) return 0;
    return this.#held.resolve({ messageId }, decision, options);
  }

  /**
   * Lists pushes of the platform that had the right secret but could not be read, newest first. The last 1,000 are
   * kept, and no longer than `retentionMs`.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async listUnreadablePushes(filter: UnreadablePushesFilter = {}): Promise<StoredUnreadablePush[]> {
    const { before, limit = 50 } = filter;
    const issues = checkPage({ before, limit }, LARGEST_PAGE, 'a push');
    if (issues.length > 0) throw invalidCommand(issues);
    return this.#unreadable.list({ before, limit });
  }

  /**
   * Lists events that a handler failed to handle too often, newest first. The handler is no longer called for them, and
   * later events of their messages do not wait for them. They are removed after 30 days, or with a handler that no
   * process has had for 7 days.
   * @throws {LaafficInputException} naming each wrong field.
   */
  async listFailedEvents(filter: FailedEventsFilter = {}): Promise<FailedEvent[]> {
    return this.#failedEvents.list(filter);
  }

  /**
   * Calls the handlers of failed events again, with all tries. Call it when the handler is corrected. Later changes of
   * the same recipients may have been handled in the meantime.
   * @param selection `ids` of {@link listFailedEvents}, or the `handler` whose failed events to retry.
   * @param options `actor`: who decided, for the history.
   * @returns the number of events.
   * @throws {LaafficInputException} naming each wrong field.
   * @example
   * await outbox.retryFailedEvents({ handler: 'OrdersModule/Orders.markSms' }, { actor: 'alice' });
   */
  async retryFailedEvents(selection: FailedEventsSelection, options: { readonly actor: string }): Promise<number> {
    return this.#failedEvents.retry(selection, options);
  }

  async #add(command: OutboxSms, options: EnqueueOptions, hasWaiter: boolean): Promise<EnqueuedSms> {
    const { transaction } = options;
    const text = this.#texts.read(command, transaction);
    const sms = text instanceof Promise ? await text : text;
    const read = readMessage(sms, options, this.clock.wall(), hasWaiter, this.#rules);
    if ('issues' in read) throw invalidCommand(read.issues);
    const { message, overdue } = read;
    if (overdue.length > 0) {
      // The message may have been enqueued in time, and this call only wants its id.
      const found = await this.#writer.find(message, transaction);
      if (found === undefined) throw invalidCommand(overdue);
      return found;
    }
    if (message.size === 1 && (await this.#isOptedOut(message, transaction === undefined))) {
      // The message may have been enqueued before the person opted out.
      const found = message.idempotencyKey === undefined ? undefined : await this.#writer.find(message, transaction);
      if (found !== undefined) return found;
      throw new OutboxError('OUTBOX_OPTED_OUT', 'The recipient wants no messages');
    }
    return this.#writer.add(message, transaction);
  }

  /**
   * The worker asks again before it sends, so a list that is a second old, or that cannot be read, does no harm.
   * @param waits whether to wait for a list that is being read. In a transaction of the app, all connections of the pool
   * might wait for one more.
   */
  async #isOptedOut({ numbers, senderId, purpose }: NewMessage, waits: boolean): Promise<boolean> {
    const { optOuts } = this.store;
    if (!respectsOptOuts(purpose)) return false;
    const refreshed = optOuts.refresh(this.clock.monotonic()).catch(() => undefined);
    if (waits) await refreshed;
    return optOuts.has(numbers, senderId);
  }
}

function receiptOf({ recipients }: OutboxMessage): SmsReceipt {
  const accepted: SmsReceipt['accepted'][number][] = [];
  const rejected: SmsReceipt['rejected'][number][] = [];
  const unknown: SmsReceipt['unknown'][number][] = [];
  for (const {
    number = '',
    orderId,
    state,
    msgId,
    code = 'OUTBOX_CANCELLED',
    reason = 'no reason given',
  } of recipients) {
    const id = msgId === undefined ? {} : { msgId };
    const isAccepted = state === 'accepted' || state === 'delivered' || state === 'failed';
    if (isAccepted) accepted.push({ number, orderId, msgId: msgId ?? '' });
    else if (state === 'rejected' || state === 'cancelled') rejected.push({ number, orderId, code, reason, ...id });
    else unknown.push({ number, orderId, code, reason, ...id });
  }
  return new SmsReceipt(accepted, rejected, unknown);
}
