import type { OutboxRecipient } from 'nestjs-laaffic-outbox';

/** What the line of a recipient has, in this order. */
export const RESULT_COLUMNS = [
  'position',
  'line',
  'number',
  'orderId',
  'state',
  'msgId',
  'code',
  'reason',
  'input',
  'reportedAt',
  'gatewayTime',
  'sentAt',
] as const;

/** The same of single messages, which come from no file. */
export const MESSAGE_RESULT_COLUMNS = [
  'messageId',
  'reference',
  ...RESULT_COLUMNS.filter((column) => column !== 'line' && column !== 'input'),
] as const;

/** Recipients as lines: what an invalid entry has no order id for is left out. */
export async function* shownResults<Recipient extends OutboxRecipient>(
  recipients: AsyncIterable<Recipient>,
): AsyncGenerator<Omit<Recipient, 'orderId'> & { readonly orderId: string | undefined }, void, undefined> {
  for await (const recipient of recipients) {
    yield { ...recipient, orderId: recipient.orderId === '' ? undefined : recipient.orderId };
  }
}
