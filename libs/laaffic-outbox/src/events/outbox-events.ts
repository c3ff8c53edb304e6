import type { CampaignProgress } from '../campaigns/campaign.js';
import type { OutboxRecipient, RecipientState } from '../ledger/chunk-recipients.js';
import type { Lane } from '../options/outbox.options.js';

/** The states that handlers are called for. What waits, or is being sent, is no news. */
export const EMITTED_STATES = [
  'accepted',
  'delivered',
  'failed',
  'rejected',
  'cancelled',
  'unknown',
  'held',
  'abandoned',
] as const satisfies RecipientState[];

export type EmittedState = (typeof EMITTED_STATES)[number];

/** Recipients of one message, or of one part of a campaign, whose states have changed. */
export interface RecipientStateEvent {
  /** The id that `enqueue` gave; in a campaign, the id of the part. `SmsOutbox.find` takes both. */
  readonly messageId: string;
  readonly campaignId?: string;
  /** What the app called the message when it enqueued it. */
  readonly reference?: string;
  readonly lane: Lane;
  /** Each once, in the state that it changed to, which may not be its state any more. */
  readonly recipients: readonly (OutboxRecipient & { readonly state: EmittedState })[];
}

/** A campaign of which nothing moves any more. */
export interface FinishedCampaign extends CampaignProgress {
  readonly name: string;
}
