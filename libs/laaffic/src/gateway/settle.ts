import { exceptionOf, type LaafficException } from '../errors/laaffic.exception.js';
import { LOCAL_FAILURES } from '../errors/local-failures.js';
import { failureOf, type Failure, type FailureOutcome } from '../errors/status-table.js';
import type { Recipient } from '../messages/recipients.js';
import {
  SmsReceipt,
  type AcceptedRecipient,
  type RejectedRecipient,
  type UnknownRecipient,
} from '../messages/sms-receipt.js';
import { readClaims } from './claims.js';
import type { SendEnvelope } from './envelope.js';

/**
 * Decides from an answer what became of each recipient.
 *
 * Accepted is who is listed with a message id, whatever the status: an accepted id is never lost.
 * Refused is who is listed so, and who is missing from both lists where the counters agree that
 * nobody else was accepted; where they do not, nobody can know.
 * @returns the receipt, if at least one recipient was accepted.
 * @throws {LaafficException} if nobody was; `unknown` as soon as one recipient is.
 */
export function settle(recipients: readonly Recipient[], envelope: SendEnvelope): SmsReceipt {
  const claims = readClaims(recipients, envelope);
  const listed = claims.filter((claim) => claim !== undefined && claim.is !== 'refused').length;
  const refusal = refusalIn(envelope);
  const absence = absenceIn(envelope, refusal, listed, recipients.length);

  const accepted: AcceptedRecipient[] = [];
  const rejected: RejectedRecipient[] = [];
  const unknown: UnknownRecipient[] = [];
  recipients.forEach(({ number, orderId }, index) => {
    const claim = claims[index];
    if (claim?.is === 'accepted') {
      accepted.push({ number, orderId, msgId: claim.msgId });
    } else if (claim?.is === 'refused') {
      const msgId = claim.msgId === undefined ? {} : { msgId: claim.msgId };
      const entry = { number, orderId, code: refusal.code, reason: claim.reason ?? reasonIn(envelope), ...msgId };
      // A platform in trouble is not believed when it says that a message failed.
      (refusal.outcome === 'rejected' ? rejected : unknown).push(entry);
    } else if (claim?.is === 'unclear') {
      unknown.push({ number, orderId, code: LOCAL_FAILURES.unreadable.code, reason: claim.reason });
    } else {
      const { outcome, code, reason } = absence;
      (outcome === 'rejected' ? rejected : unknown).push({ number, orderId, code, reason });
    }
  });

  const receipt = new SmsReceipt(accepted, rejected, unknown);
  if (accepted.length > 0) return receipt;
  const unnamed = recipients.filter((_, index) => claims[index] === undefined);
  throw nobodyAccepted(envelope, refusal, receipt, unnamed);
}

/** What the refusal of single recipients in this answer is about. */
function refusalIn({ status }: SendEnvelope): Failure {
  return status === undefined || status === 0 ? LOCAL_FAILURES.recipientRefused : failureOf(status);
}

/** What it means that no list names a recipient. */
function absenceIn(
  envelope: SendEnvelope,
  refusal: Failure,
  listed: number,
  sent: number,
): { outcome: FailureOutcome; code: string; reason: string } {
  const { status, success, fail } = envelope;
  const unknown = { outcome: 'unknown', code: LOCAL_FAILURES.unreadable.code } as const;
  if (status === undefined) return { ...unknown, reason: 'the answer has no readable status' };
  if (status !== 0 && (success === undefined || success <= listed)) {
    return { outcome: refusal.outcome, code: refusal.code, reason: reasonIn(envelope) };
  }
  if (status === 0 && success === listed && (fail === undefined || fail === sent - listed)) {
    return { outcome: 'rejected', code: refusal.code, reason: 'not among the accepted numbers' };
  }
  return { ...unknown, reason: 'in no list of the answer, and its counters disagree with its lists' };
}

function nobodyAccepted(
  envelope: SendEnvelope,
  refusal: Failure,
  receipt: SmsReceipt,
  unnamed: readonly Recipient[],
): LaafficException {
  const { status } = envelope;
  const isUnknown = receipt.unknown.length > 0;
  const silent = status === undefined || status === 0;
  const [first] = isUnknown ? receipt.unknown : receipt.rejected;
  return exceptionOf(silent && isUnknown ? LOCAL_FAILURES.unreadable : refusal, {
    outcome: isUnknown ? 'unknown' : 'rejected',
    ...(status === undefined ? {} : { status }),
    reason: silent && first !== undefined ? first.reason : reasonIn(envelope),
    receipt,
    unnamed,
  });
}

function reasonIn({ reason }: SendEnvelope): string {
  return reason ?? 'no reason given';
}
