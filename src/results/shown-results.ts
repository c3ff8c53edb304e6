import type { OutboxRecipient } from 'nestjs-laaffic-outbox';
import { shownState, type ShownState } from './shown-state.js';

/** What the line of a recipient has, in this order. */
export const RESULT_COLUMNS = [
  'position',
  'number',
  'orderId',
  'state',
  'msgId',
  'code',
  'reason',
  'reportedAt',
  'sentAt',
] as const;

/** The same of single messages. */
export const MESSAGE_RESULT_COLUMNS = ['messageId', 'reference', ...RESULT_COLUMNS] as const;

/** Recipients with the states that the API names; only those in one of them, if it is given. */
export async function* shownResults<Recipient extends OutboxRecipient>(
  recipients: AsyncIterable<Recipient>,
  only?: ShownState,
): AsyncGenerator<Omit<Recipient, 'state'> & { readonly state: ShownState }, void, undefined> {
  for await (const recipient of recipients) {
    const state = shownState(recipient);
    if (only === undefined || state === only) yield { ...recipient, state };
  }
}
