import { Inject, Injectable } from '@nestjs/common';
import type { Observable } from 'rxjs';
import { invalidCommand, readSendCommand, SmsReceipt, type Issue, type SendSms } from 'nestjs-laaffic';
import { ProcessClock } from './clock.js';
import {
  checkDate,
  checkKey,
  checkName,
  checkNotOver,
  checkOrder,
  checkReference,
  checkStorable,
  checkTimeout,
  MADE_ORDER_ID,
} from './command-checks.js';
import type { OutboxActivity } from './ledger/activity.js';
import {
  HeldRecipients,
  type HeldDecision,
  type HeldRecipient,
  type ResolveOptions,
} from './ledger/held-recipients.js';
import type { OutboxMessage } from './ledger/message-view.js';
import { AccountControl } from './ledger/account-control.js';
import { callersLedger, readersLedger, waitersLedger } from './ledger/callers-ledger.js';
import { fingerprintOf } from './ledger/fingerprint.js';
import { Journal, type JournalEntry } from './ledger/journal.js';
import { MessageIntake } from './ledger/message-intake.js';
import { MessageView } from './ledger/message-view.js';
import { Outcomes } from './ledger/outcomes.js';
import { OutboxLedger, type Ledger } from './ledger/outbox-ledger.js';
import { isMadeOrderId } from './ledger/order-place.js';
import { isRowId } from './ledger/row-id.js';
import { StatsReader, type OutboxStats } from './ledger/stats.js';
import type { Lane } from './options/outbox.options.js';
import type { SqlTransaction } from './transaction.js';

/** How a message is enqueued. */
export interface EnqueueOptions {
  /**
   * The app's own SQL transaction: the message is sent if it commits, and was never there if it is rolled
   * back.
   * @default one of its own, committed when the call resolves
   */
  readonly transaction?: SqlTransaction | undefined;
  /**
   * The same key gives the same message, for ever; at most 255 characters. A key that was used before is refused
   * with anything else: other recipients, another text, sender, `sendAt`, `sendBefore` or `lane`.
   * @default none
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * What the app calls the message, such as the id of its own row; at most 255 characters. `@OnRecipientState()`,
   * `find` and `held` give it back. It is not sent, and need not be unique. It is removed with the number.
   * @default none
   */
  readonly reference?: string | undefined;
  /**
   * When it is to be sent. One that is over for more than 5 minutes is refused, unless the message was taken before
   * under its key; one that has just passed is now.
   * @default now
   */
  readonly sendAt?: Date | undefined;
  /**
   * After that it is not sent any more, but refused with `OUTBOX_EXPIRED`: an OTP that comes too late is
   * worse than none.
   * @default never
   */
  readonly sendBefore?: Date | undefined;
  /**
   * `priority` for what somebody waits for, `bulk` for what may wait behind it.
   * @default 'priority'
   */
  readonly lane?: Lane | undefined;
  /**
   * Who sends it, for the history: 1 to 255 characters.
   * @default 'app'
   */
  readonly actor?: string | undefined;
}

/** A message that is in the outbox. */
export interface EnqueuedSms {
  readonly id: string;
  /** `false` if the idempotency key was given before: this is the message of that call. */
  readonly isNew: boolean;
}

const MAX_RECIPIENTS = 1_000;
const LANES: ReadonlySet<unknown> = new Set(['priority', 'bulk']);

/** The durable way to send: what `enqueue` has taken is sent once, or it is said honestly that nobody knows. */
@Injectable()
export class SmsOutbox {
  readonly #ledger: Ledger;
  readonly #intake: MessageIntake;
  readonly #messages: MessageView;
  readonly #outcomes: Outcomes;
  readonly #held: HeldRecipients;
  readonly #journal: Journal;
  readonly #stats: StatsReader;

  constructor(
    @Inject(OutboxLedger) ledger: Ledger,
    private readonly clock: ProcessClock,
  ) {
    this.#ledger = callersLedger(ledger);
    this.#intake = new MessageIntake(this.#ledger);
    this.#messages = new MessageView(readersLedger(ledger));
    this.#outcomes = new Outcomes(new MessageView(waitersLedger(ledger)));
    this.#held = new HeldRecipients(this.#ledger);
    this.#journal = new Journal(readersLedger(ledger));
    this.#stats = new StatsReader(this.#ledger);
    ledger.notifications.on('outcome', (id) => {
      this.#outcomes.tell(id);
    });
  }

  /**
   * Takes a message in. It is checked as `SmsService.send` checks it.
   * @throws {LaafficInputException} naming every field that is wrong; nothing was enqueued.
   * @throws {OutboxError} `OUTBOX_KEY_REUSED`, `OUTBOX_TRANSACTION`; `OUTBOX_DATABASE` if the outbox' own connection
   * failed with `cause`, as of every call: the message says whether anything may be stored.
   * @throws what the transaction throws, as it is.
   */
  enqueue(command: SendSms, options: EnqueueOptions = {}): Promise<EnqueuedSms> {
    return this.#add(command, options, false);
  }

  /**
   * Takes a message in, and waits until it is decided what became of each recipient, or until it is plain
   * that nobody can know yet.
   * @param timeout how long to wait, in milliseconds; the message stays in the outbox after it.
   * @returns the receipt, or `undefined` if it is not decided in time, or cannot be read.
   */
  async send(
    command: SendSms,
    options: Omit<EnqueueOptions, 'transaction'> & {
      readonly timeout?: number;
      readonly signal?: AbortSignal;
    } = {},
  ): Promise<EnqueuedSms & { readonly receipt: SmsReceipt | undefined }> {
    const { timeout = 30_000, signal, ...rest } = options;
    const issues = checkTimeout(timeout);
    if (issues.length > 0) throw invalidCommand(issues);
    const enqueued = await this.#add(command, rest, true);
    const message = await this.#outcomes.of(enqueued.id, { timeout, signal, isNew: enqueued.isNew });
    return { ...enqueued, receipt: message === undefined ? undefined : receiptOf(message) };
  }

  /**
   * What this process moves on, from now on; it makes nothing for it while nobody subscribes. A subscriber must
   * not throw.
   */
  get activity(): Observable<OutboxActivity> {
    return this.#ledger.activity;
  }

  /** The message and each of its recipients, or `undefined` if there is none with this id. */
  find(id: string): Promise<OutboxMessage | undefined> {
    return this.#messages.find(id);
  }

  /** The message that sent, or is going to send, with this order id, of a campaign too. */
  findByOrderId(orderId: string): Promise<OutboxMessage | undefined> {
    return this.#messages.findByOrderId(orderId);
  }

  /** How much waits, and whether the account or a lane is paused, and why. Reads what is open; not for each request. */
  getStats(): Promise<OutboxStats> {
    return this.#stats.read();
  }

  /**
   * Counts the single messages of the priority lane that could be sent now, no further than `most`. Cheap enough to ask
   * each second whether to take more.
   */
  countDue(most: number): Promise<number> {
    return this.#stats.countDue(most);
  }

  /**
   * Sends again at once, without waiting for a probe, where the account or a lane is paused. Call it when the cause is gone.
   * @param by who says so, for the journal.
   * @returns whether the account was paused, or a lane paused or limited.
   */
  async resumeAccount(by: string): Promise<boolean> {
    const control = new AccountControl(this.#ledger);
    const wasLimited = await control.resumeLanes(by);
    const wasPaused = (await control.resume(by)) || wasLimited;
    if (wasPaused) this.#ledger.notifications.call('due');
    return wasPaused;
  }

  /** What happened to a message, when and by whom, oldest first; nothing if there is none with this id. */
  async *journal(id: string): AsyncGenerator<JournalEntry, void, undefined> {
    if (isRowId(id)) yield* this.#journal.ofMessage(id);
  }

  /** @returns whether it was pending, and now is never sent. */
  cancel(id: string, by = 'app'): Promise<boolean> {
    return this.#messages.cancel(id, by);
  }

  /** The recipients of single messages that wait for a person's decision, oldest message first. */
  held(): AsyncGenerator<HeldRecipient, void, undefined> {
    return this.#held.ofMessages();
  }

  /**
   * Decides about held recipients of a single message.
   * @returns about how many it was; 0 if there is no such message.
   * @throws {LaafficInputException} naming every field that is wrong.
   */
  async resolve(messageId: string, decision: HeldDecision, options: ResolveOptions): Promise<number> {
    if (!isRowId(messageId)) return 0;
    return this.#held.resolve({ messageId }, decision, options);
  }

  async #add(command: SendSms, options: EnqueueOptions, awaited: boolean): Promise<EnqueuedSms> {
    const { lane = 'priority', sendAt, sendBefore, idempotencyKey, reference, transaction, actor = 'app' } = options;
    const now = this.clock.wall();
    const over = checkNotOver(sendAt, now);
    // Order ids that are empty are made by the ledger, from the place that the recipient gets in it.
    const read = readSendCommand(command, MAX_RECIPIENTS, () => '');
    const issues = [
      ...('issues' in read
        ? read.issues
        : [
            ...checkStorable('content', read.sms.content),
            ...checkStorable('senderId', read.sms.senderId),
            ...checkOrderIds(command.to, read.sms.recipients),
          ]),
      ...checkKey(idempotencyKey),
      ...checkReference(reference),
      ...checkName('actor', actor),
      ...checkDate('sendAt', sendAt),
      ...checkDate('sendBefore', sendBefore),
      ...checkOrder(sendAt, sendBefore),
      ...(idempotencyKey === undefined ? over : []),
      ...(LANES.has(lane) ? [] : [{ field: 'lane', problem: 'must be priority or bulk' }]),
    ];
    if ('issues' in read || issues.length > 0) throw invalidCommand(issues);
    const { recipients, content, senderId } = read.sms;
    const numbers = recipients.map(({ number }) => number).join();
    const orderIds = recipients.map(({ orderId }) => orderId).join();
    const hasOrderIds = recipients.some(({ orderId }) => orderId !== '');
    const message = {
      lane,
      n: recipients.length,
      numbers,
      orderIds: hasOrderIds ? orderIds : undefined,
      content,
      senderId,
      dueAt: sendAt !== undefined && sendAt.getTime() > now ? sendAt : undefined,
      expiresAt: sendBefore,
      idempotencyKey,
      reference,
      fingerprint: fingerprintOf([
        numbers,
        orderIds,
        content,
        senderId ?? '',
        lane,
        sendAt?.toISOString() ?? '',
        sendBefore?.toISOString() ?? '',
        reference ?? '',
      ]),
      awaited,
      actor,
    };
    if (over.length > 0) {
      // It may have been taken in time, and be asked about now.
      const found = await this.#intake.find(message, transaction);
      if (found === undefined) throw invalidCommand(over);
      return found;
    }
    const added = await this.#intake.add(message, transaction);
    if (transaction === undefined && added.isNew) this.#ledger.notifications.call('due');
    return added;
  }
}

function checkOrderIds(to: SendSms['to'], recipients: readonly { readonly orderId: string }[]): Issue[] {
  return recipients.flatMap(({ orderId }, index) => {
    if (!isMadeOrderId(orderId)) return [];
    return [{ field: `${Array.isArray(to) ? `to[${index}]` : 'to'}.orderId`, problem: MADE_ORDER_ID }];
  });
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
