import { exceptionOf, type LaafficException } from '../../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../../errors/local-failures.js';
import { failureOf, type Failure, type FailureOutcome } from '../../errors/status-table.js';
import type { Recipient } from '../../messages/recipients.js';
import {
  SmsReceipt,
  type AcceptedRecipient,
  type RejectedRecipient,
  type UnknownRecipient,
} from '../../messages/sms-receipt.js';
import type { EnvelopeItem, SendEnvelope } from '../protocol/send-sms.js';

/**
 * Decides the outcome of each recipient from a response.
 *
 * A recipient is accepted if it is listed with a message id, whatever the status says: an accepted id is never lost. It is
 * rejected if it is listed as rejected, or if no list has it and the counters agree that no other recipient was accepted.
 * If the counters disagree, its outcome is unknown.
 * @param retryAfterSeconds the `Retry-After` of the response.
 * @returns the receipt, if at least one recipient was accepted.
 * @throws {LaafficException} if no recipient was accepted; `unknown` if the outcome of at least one is.
 */
export function resolveOutcomes(
  recipients: readonly Recipient[],
  envelope: SendEnvelope,
  retryAfterSeconds?: number,
): SmsReceipt {
  const outcomes = readListedOutcomes(recipients, envelope);
  const listed = outcomes.filter((outcome) => outcome !== undefined && outcome.type !== 'rejected').length;
  const rejection = rejectionIn(envelope);
  const unlisted = outcomeOfUnlisted(envelope, rejection, listed, recipients.length);

  const accepted: AcceptedRecipient[] = [];
  const rejected: RejectedRecipient[] = [];
  const unknown: UnknownRecipient[] = [];
  recipients.forEach(({ number, orderId }, index) => {
    const outcome = outcomes[index];
    if (outcome?.type === 'accepted') {
      accepted.push({ number, orderId, msgId: outcome.msgId });
    } else if (outcome?.type === 'rejected') {
      const msgId = outcome.msgId === undefined ? {} : { msgId: outcome.msgId };
      const entry = { number, orderId, code: rejection.code, reason: outcome.reason ?? reasonIn(envelope), ...msgId };
      // A platform that reports an internal error is not believed when it says that a message was rejected.
      (rejection.outcome === 'rejected' ? rejected : unknown).push(entry);
    } else if (outcome?.type === 'unclear') {
      unknown.push({ number, orderId, code: LOCAL_FAILURES.unreadable.code, reason: outcome.reason });
    } else {
      const { code, reason } = unlisted;
      (unlisted.outcome === 'rejected' ? rejected : unknown).push({ number, orderId, code, reason });
    }
  });

  const receipt = new SmsReceipt(accepted, rejected, unknown);
  if (accepted.length > 0) return receipt;
  const unnamed = recipients.filter((_, index) => outcomes[index] === undefined);
  throw notAcceptedException(envelope, rejection, { receipt, unnamed, retryAfterSeconds });
}

/** Why this response rejects single recipients. */
function rejectionIn({ status }: SendEnvelope): Failure {
  return status === undefined || status === 0 ? LOCAL_FAILURES.recipientRejected : failureOf(status);
}

/** The outcome of a recipient that no list of the response names. */
function outcomeOfUnlisted(
  envelope: SendEnvelope,
  rejection: Failure,
  listed: number,
  sent: number,
): { outcome: FailureOutcome; code: string; reason: string } {
  const { status, success, fail } = envelope;
  const unknown = { outcome: 'unknown', code: LOCAL_FAILURES.unreadable.code } as const;
  if (status === undefined) return { ...unknown, reason: 'the response has no readable status' };
  if (status !== 0 && (success === undefined || success <= listed)) {
    return { outcome: rejection.outcome, code: rejection.code, reason: reasonIn(envelope) };
  }
  if (status === 0 && success === listed && (fail === undefined || fail === sent - listed)) {
    return { outcome: 'rejected', code: rejection.code, reason: 'not among the accepted numbers' };
  }
  return { ...unknown, reason: 'in no list of the response, and its counters disagree with its lists' };
}

function notAcceptedException(
  envelope: SendEnvelope,
  rejection: Failure,
  details: { receipt: SmsReceipt; unnamed: readonly Recipient[]; retryAfterSeconds: number | undefined },
): LaafficException {
  const { receipt } = details;
  const { status } = envelope;
  const isUnknown = receipt.unknown.length > 0;
  const hasNoFailureStatus = status === undefined || status === 0;
  const [first] = isUnknown ? receipt.unknown : receipt.rejected;
  return exceptionOf(hasNoFailureStatus && isUnknown ? LOCAL_FAILURES.unreadable : rejection, {
    outcome: isUnknown ? 'unknown' : 'rejected',
    status,
    reason: hasNoFailureStatus && first !== undefined ? first.reason : reasonIn(envelope),
    ...details,
  });
}

function reasonIn({ reason }: SendEnvelope): string {
  return reason ?? 'no reason given';
}

/** What the lists of a response say about one recipient. */
export type ListedOutcome =
  | { readonly type: 'accepted'; readonly msgId: string }
  | { readonly type: 'rejected'; readonly reason: string | undefined; readonly msgId: string | undefined }
  | { readonly type: 'unclear'; readonly reason: string };

/** A number this long may have lost digits on its way. */
const LONG_NUMBER = /^\d{16,}$/;

/**
 * Finds what the lists of a response say about each recipient: by order id, otherwise by number.
 * @returns an outcome for each recipient; `undefined` for a recipient that no list names.
 */
export function readListedOutcomes(
  recipients: readonly Recipient[],
  envelope: Pick<SendEnvelope, 'accepted' | 'rejected'>,
): (ListedOutcome | undefined)[] {
  const outcomes = new Array<ListedOutcome | undefined>(recipients.length).fill(undefined);
  const finder = new RecipientFinder(recipients, outcomes);
  envelope.accepted.forEach((item, position) => {
    const index = finder.find(item, position);
    if (index === undefined || outcomes[index] !== undefined) return;
    outcomes[index] =
      item.msgId === undefined
        ? { type: 'unclear', reason: 'listed as accepted, but without a message id' }
        : { type: 'accepted', msgId: item.msgId };
  });
  for (const item of envelope.rejected) {
    const index = finder.find(item, undefined);
    if (index === undefined || outcomes[index]?.type === 'rejected') continue;
    outcomes[index] =
      outcomes[index] === undefined
        ? { type: 'rejected', reason: item.reason, msgId: item.msgId }
        : { type: 'unclear', reason: 'listed both as accepted and as rejected' };
  }
  return outcomes;
}

class RecipientFinder {
  #byOrderId: Map<string, number> | undefined;
  #byNumber: Map<string, number[]> | undefined;

  constructor(
    private readonly recipients: readonly Recipient[],
    private readonly outcomes: readonly (ListedOutcome | undefined)[],
  ) {}

  find(item: EnvelopeItem, position: number | undefined): number | undefined {
    const index = this.#atPosition(item, position) ?? this.#withOrderId(item.orderId);
    return index === undefined || this.#hasOtherNumber(item, index) ? this.#withNumber(item.number) : index;
  }

  /** A platform that keeps order ids as numbers rounds long ones. They may then equal those of other recipients. */
  #hasOtherNumber({ orderId, number }: EnvelopeItem, index: number): boolean {
    if (orderId === undefined || number === undefined || !LONG_NUMBER.test(orderId)) return false;
    return this.recipients[index]?.number !== number.replace(/\D/g, '');
  }

  /** The usual case: the response lists the recipients in the order of the request, and no index is needed. */
  #atPosition({ orderId }: EnvelopeItem, position: number | undefined): number | undefined {
    if (position === undefined || orderId === undefined) return undefined;
    return this.recipients[position]?.orderId === orderId ? position : undefined;
  }

  #withOrderId(orderId: string | undefined): number | undefined {
    if (orderId === undefined) return undefined;
    this.#byOrderId ??= new Map(this.recipients.map((recipient, index) => [recipient.orderId, index]));
    return this.#byOrderId.get(orderId);
  }

  /** A request may have a number more than once. The first recipient without an outcome is meant. */
  #withNumber(number: string | undefined): number | undefined {
    if (number === undefined) return undefined;
    this.#byNumber ??= indexByNumber(this.recipients);
    const indexes = this.#byNumber.get(number.replace(/\D/g, '')) ?? [];
    return indexes.find((index) => this.outcomes[index] === undefined) ?? indexes.at(-1);
  }
}

function indexByNumber(recipients: readonly Recipient[]): Map<string, number[]> {
  const indexes = new Map<string, number[]>();
  for (const [index, { number }] of recipients.entries()) {
    const same = indexes.get(number);
    if (same === undefined) indexes.set(number, [index]);
    else same.push(index);
  }
  return indexes;
}
