import type { CampaignProgress } from '../campaigns/campaign.js';
import type { OutboxRecipient } from '../ledger/chunk-recipients.js';
import type { Lane } from '../options/outbox.options.js';

/** Recipients that were sent to with one request: a message, or a part of one or of a campaign. */
export interface OutboxPart {
  /** Of the message, as `enqueue` gave it; of a campaign, that of this part. `SmsOutbox.find` takes it. */
  readonly id: string;
  readonly campaignId?: string;
  readonly lane: Lane;
  /** In the states that they have when the handler is called. */
  readonly recipients: readonly OutboxRecipient[];
}

/** A campaign of which nothing moves any more. */
export interface FinishedCampaign extends CampaignProgress {
  readonly name: string;
}

/** What handlers of each kind are called with. */
export interface OutboxEvents {
  readonly settled: OutboxPart;
  readonly held: OutboxPart;
  readonly campaignDone: FinishedCampaign;
}

export type OutboxEventKind = keyof OutboxEvents;
