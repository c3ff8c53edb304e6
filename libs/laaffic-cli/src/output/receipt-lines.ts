import type { RejectedRecipient, SmsReceipt, UnknownRecipient } from 'nestjs-laaffic';

type Line = (recipient: RejectedRecipient) => string;

/** One line for each who was accepted. */
export function acceptedLines({ accepted }: Pick<SmsReceipt, 'accepted'>): string[] {
  return accepted.map(({ number, msgId }) => `accepted ${number} ${msgId}`);
}

/**
 * One line for each who was not accepted.
 * @param where of a recipient, if anybody knows: `line 3`.
 */
export function otherLines(
  { rejected, unknown }: Pick<SmsReceipt, 'rejected' | 'unknown'>,
  where: Line = () => '',
): string[] {
  return [
    ...rejected.map((one) => `rejected ${where(one)}${one.number} ${one.code}: ${one.reason}`),
    ...unknown.map(unknownLine),
  ];
}

function unknownLine({ number, orderId, code, reason }: UnknownRecipient): string {
  return `unknown ${number} order ${orderId} ${code}: ${reason}`;
}
