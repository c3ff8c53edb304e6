import type { RejectedRecipient, SmsReceipt } from 'nestjs-laaffic';

/** One line for each accepted recipient. */
export function acceptedLines({ accepted }: Pick<SmsReceipt, 'accepted'>): string[] {
  return accepted.map(({ number, msgId }) => `accepted ${number} ${msgId}`);
}

/**
 * One line for each recipient that was not accepted.
 * @param prefixOf returns the place of a recipient in the input, such as `line 3 `; empty if it is not known.
 */
export function notAcceptedLines(
  { rejected, unknown }: Pick<SmsReceipt, 'rejected' | 'unknown'>,
  prefixOf: (recipient: RejectedRecipient) => string = () => '',
): string[] {
  return [
    ...rejected.map((recipient) => {
      const { number, code, reason } = recipient;
      return `rejected ${prefixOf(recipient)}${number} ${code}: ${reason}`;
    }),
    ...unknown.map(({ number, orderId, code, reason }) => `unknown ${number} order ${orderId} ${code}: ${reason}`),
  ];
}
