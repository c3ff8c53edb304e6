import type { CampaignProgress } from '../campaigns/campaign.js';
import type { OutboxRecipient, RecipientState } from '../store/recipients.js';
import type { Lane } from '../options/outbox.options.js';

/** The states that handlers are called for. `pending` and `sending` are not emitted. */
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

/** A change of state of recipients of one message, or of one chunk of a campaign. */
export interface RecipientStateEvent {
  /** The id that `enqueue` returned. In a campaign, the id of the chunk. `SmsOutbox.find` accepts both. */
  readonly messageId: string;
  /** The application id of the account. */
  readonly appId: string;
  readonly campaignId?: string;
  /** The caller's own reference of the message, from `enqueue`. */
  readonly reference?: string;
  readonly lane: Lane;
  /** Each changed recipient once, in its new state. The recipient may have changed again since. */
  readonly recipients: readonly (OutboxRecipient & { readonly state: EmittedState })[];
}

/** A campaign that is done. */
export interface FinishedCampaign extends CampaignProgress {
  readonly name: string;
  /** The application id of the account. */
  readonly appId: string;
}
