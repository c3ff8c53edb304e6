import type { RecipientState } from 'nestjs-laaffic-outbox';

/** The states of recipients, as campaigns are counted by them. */
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
