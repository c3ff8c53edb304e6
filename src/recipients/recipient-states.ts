import type { RecipientState } from 'nestjs-laaffic-outbox';

/** All states of a recipient. The counts of a campaign have one field for each. */
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
] as const satisfies RecipientState[];
