import type { OutboxRecipient } from 'nestjs-laaffic-outbox';

export const RECIPIENT_STATES = [
  'pending',
  'sending',
  'accepted',
  'delivered',
  'failed',
  'rejected',
  'invalid',
  'cancelled',
  'unknown',
  'held',
  'abandoned',
] as const satisfies (OutboxRecipient['state'] | 'invalid')[];

/** The states of recipients as the API names them, which are those that campaigns are counted by. */
export type ShownState = (typeof RECIPIENT_STATES)[number];

/** What entries of a campaign are refused with before the gateway hears of them. */
const INVALID: ReadonlySet<string | undefined> = new Set(['LAAFFIC_INVALID_COMMAND', 'LAAFFIC_DUPLICATE_RECIPIENT']);

/** The outbox counts entries that are nobody's apart from those whom the gateway refused, and lists them as one. */
export function shownState({ state, code }: Pick<OutboxRecipient, 'state' | 'code'>): ShownState {
  return state === 'rejected' && INVALID.has(code) ? 'invalid' : state;
}
