import { readSendCommand, segments, type Issue } from 'nestjs-laaffic';
import type { Lane, MessagePurpose, UnconfirmedAction } from '../options/outbox.options.js';
import { isMadeOrderId } from '../store/order-ids.js';
import { SealKeyring } from '../store/seal-keyring.js';
import {
  checkDate,
  checkKey,
  checkLane,
  checkNotOver,
  checkOrder,
  checkPurpose,
  checkReference,
  checkSealed,
  checkStorable,
  checkText,
  checkUnconfirmedAction,
  MADE_ORDER_ID,
} from './command-checks.js';
import { MessageFingerprint } from './message-fingerprint.js';
import type { RenderedSms } from './message-text.js';
import type { NewMessage } from './message-writer.js';

/** Options of one message. */
export interface MessageOptions {
  /**
   * Makes retries safe: the same key returns the same message, until `idempotencyKeysKeptMs` after it ended. At most
   * 255 characters. A call with a used key and anything else different (recipients, text, sender, `sendAt`, `sendBefore`, `lane`, `reference`, `purpose` or `onUnconfirmed`) is rejected
   * with `OUTBOX_KEY_REUSED`.
   * @default none
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * Your own reference of the message, such as the id of a row; at most 255 characters. `@OnRecipientState()`, `find`
   * and `listHeld` return it. It is not sent and need not be unique. It is removed together with the numbers.
   * @default none
   */
  readonly reference?: string | undefined;
  /**
   * When to send the message. A time more than 5 minutes past is rejected, unless the message was already enqueued with
   * the same key. A time just past counts as now.
   * @default now
   */
  readonly sendAt?: Date | undefined;
  /**
   * After this time the message is not sent, but rejected with `OUTBOX_EXPIRED`. A one-time password that arrives too
   * late is worse than none.
   * @default never
   */
  readonly sendBefore?: Date | undefined;
  /**
   * `priority` for messages that a person waits for, `bulk` for messages that may wait behind them.
   * @default 'priority'; in `enqueueMany` 'bulk'
   */
  readonly lane?: Lane | undefined;
  /**
   * What happens to recipients whose outcome is still unknown after `timing.gracePeriodMs`: `hold` waits for a manual
   * decision, `resend` sends again and may send twice, `abandon` leaves them unknown for ever.
   * @default the module's `onUnconfirmed` for the lane
   */
  readonly onUnconfirmed?: UnconfirmedAction | undefined;
  /**
   * What the message is for. `otp` reaches people who have opted out.
   * @default 'transactional'
   */
  readonly purpose?: MessagePurpose | undefined;
  /**
   * Who sent it, for the history: 1 to 255 characters.
   * @default 'app'
   */
  readonly actor?: string | undefined;
  /**
   * Whether to seal the text, as for a one-time password: the database has it only encrypted, with the first of
   * `sealKeys`, and no longer than it may have to be sent. Numbers and references are not sealed.
   * @default the module's `sealed`, which is `false`
   */
  readonly sealed?: boolean | undefined;
}

/** How a process seals, and what its messages have in common. */
export interface MessageRules {
  /** The keys of sealed messages. */
  readonly seals: SealKeyring;
  /** Whether messages are sealed that do not say so themselves. */
  readonly sealed: boolean;
}

/** A checked message. */
export interface CheckedMessage {
  readonly message: NewMessage;
  /** What is wrong if no message with its key was enqueued in time. */
  readonly overdue: readonly Issue[];
}

const MAX_RECIPIENTS = 1_000;
/** Missing order ids are made from the place where the recipient is stored. */
const NO_ORDER_ID = (): string => '';
const UNSEALED: MessageRules = { seals: new SealKeyring([], ''), sealed: false };

/** Checks a message for the outbox, and converts it into the form in which it is stored. */
export function readMessage(
  command: RenderedSms,
  options: MessageOptions,
  now: number,
  hasWaiter = false,
  { seals, sealed: isSealedByDefault } = UNSEALED,
): CheckedMessage | { readonly issues: readonly Issue[] } {
  const { lane = 'priority', sendAt, sendBefore, idempotencyKey, reference, onUnconfirmed, actor = 'app' } = options;
  const { sealed = isSealedByDefault, purpose } = options;
  const read = readSendCommand(command, MAX_RECIPIENTS, NO_ORDER_ID);
  const overdue = checkNotOver(sendAt, now);
  const issues: Issue[] = [];
  const { textIssues } = command;
  // Spreading all of them into one list would take half of the time of a valid message.
  if ('issues' in read) {
    // Without a text, its own check says less.
    const isKnown = (field: string) => textIssues !== undefined && field === 'content';
    issues.push(...read.issues.filter(({ field }) => !isKnown(field)), ...(textIssues ?? []));
  } else {
    const { content, senderId, recipients } = read.sms;
    issues.push(...checkStorable('content', content), ...checkStorable('senderId', senderId));
    for (const [index, { orderId }] of recipients.entries()) {
      if (orderId === '' || !isMadeOrderId(orderId)) continue;
      const field = `${Array.isArray(command.to) ? `to[${index}]` : 'to'}.orderId`;
      issues.push({ field, problem: MADE_ORDER_ID });
    }
  }
  if (idempotencyKey === undefined) issues.push(...overdue);
  else issues.push(...checkKey(idempotencyKey));
  if (reference !== undefined) issues.push(...checkReference(reference));
  if (onUnconfirmed !== undefined) issues.push(...checkUnconfirmedAction(onUnconfirmed));
  if (purpose !== undefined) issues.push(...checkPurpose(purpose));
  if (actor !== 'app') issues.push(...checkText('actor', actor));
  if (sendAt !== undefined) issues.push(...checkDate('sendAt', sendAt));
  if (sendBefore !== undefined) issues.push(...checkDate('sendBefore', sendBefore));
  issues.push(...checkSealed(sealed, seals));
  issues.push(...checkOrder(sendAt, sendBefore), ...checkLane(lane));
  if ('issues' in read || issues.length > 0) return { issues };
  const { recipients, content, senderId } = read.sms;
  const numbers = recipients.map(({ number }) => number).join();
  const sealing = sealed ? seals.seal(content, numbers.split(',')) : undefined;
  const orderIds = recipients.map(({ orderId }) => orderId).join();
  const hasOrderIds = recipients.some(({ orderId }) => orderId !== '');
  const message = {
    lane,
    size: recipients.length,
    numbers,
    orderIds: hasOrderIds ? orderIds : undefined,
    content: sealing?.content ?? content,
    sealKeyId: sealing?.keyId,
    senderId,
    parts: segments(content).parts,
    dueAt: sendAt !== undefined && sendAt.getTime() > now ? sendAt : undefined,
    expiresAt: sendBefore,
    idempotencyKey,
    reference,
    onUnconfirmed,
    purpose,
    fingerprint:
      idempotencyKey === undefined
        ? undefined
        : new MessageFingerprint(
            [
              numbers,
              orderIds,
              content,
              senderId ?? '',
              lane,
              sendAt?.toISOString() ?? '',
              sendBefore?.toISOString() ?? '',
              reference ?? '',
              ...(onUnconfirmed === undefined ? [] : [`onUnconfirmed ${onUnconfirmed}`]),
              ...(purpose === undefined ? [] : [`purpose ${purpose}`]),
            ],
            sealed,
            seals,
          ),
    hasWaiter,
    actor,
  };
  return { message, overdue };
}
