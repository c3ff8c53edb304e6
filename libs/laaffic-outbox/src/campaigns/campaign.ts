import type { RecipientInput } from 'nestjs-laaffic';
import type { UnconfirmedAction } from '../options/outbox.options.js';

/**
 * The state of a campaign.
 * - `creating`: its recipients are being stored, or the creation failed before the end.
 * - `draft`: waits for `start`.
 * - `scheduled`: waits for its time.
 * - `running`: is being sent.
 * - `paused`: no more requests start.
 * - `cancelled`: recipients that had not been sent to are never sent to.
 * - `done`: nothing is left to send, and no outcome is open except for recipients on hold.
 */
export type CampaignState = 'creating' | 'draft' | 'scheduled' | 'running' | 'paused' | 'cancelled' | 'done';

export const CAMPAIGN_STATES: readonly CampaignState[] = [
  'creating',
  'draft',
  'scheduled',
  'running',
  'paused',
  'cancelled',
  'done',
];

/** Where an entry of the source comes from. The results of invalid entries include it. */
export interface CampaignEntryOrigin {
  /** The caller's own id of the recipient. It need not be unique. */
  readonly orderId?: string | undefined;
  /** The line in the caller's file, counted from 1. */
  readonly line?: number | undefined;
  /**
   * The original text. It is kept for invalid entries only, truncated and masked.
   * @default `number`
   */
  readonly input?: string | undefined;
}

/** A recipient of a campaign, or an entry that its reader could not use: `problem` says why. */
export type CampaignRecipient =
  | RecipientInput
  | (CampaignEntryOrigin & { readonly number: string })
  | (CampaignEntryOrigin & { readonly problem: string });

/** The recipients of a campaign: any iterable or async iterable. */
export type CampaignSource = Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>;

/** One text for any number of recipients. */
export interface NewCampaign {
  /** A name for people: 1 to 255 characters. */
  readonly name: string;
  /** The text of the message: 1 to 1024 characters. */
  readonly content: string;
  /**
   * The sender's number or name, at most 32 characters.
   * @default the module's `senderId`, otherwise that of the application at the gateway
   */
  readonly senderId?: string | undefined;
  /**
   * The recipients. The source is read once, from the beginning, and never more than one batch ahead of what is stored.
   * An invalid entry does not stop the campaign: it is counted as `invalid`, and the results contain the reason.
   *
   * Order ids may repeat. The gateway gets each order id once per request; further recipients with the same order id
   * get a generated one, and the results contain the caller's.
   */
  readonly recipients: CampaignSource;
  /**
   * Makes retries safe: the same key returns the same campaign, until `idempotencyKeysKeptMs` after it ended. At
   * most 255 characters. A call with a used
   * key and another name, text, sender, `sendAt`, `priority`, `duplicates` or `onUnconfirmed` is rejected. After a failed creation, the
   * same call with the same key continues. Each call reads the source again, to verify that it is the same.
   * @default none
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * When to start. `'now'` starts as soon as all recipients are stored. A time more than 5 minutes past is rejected,
   * unless the campaign was already stored with the same key. A time just past counts as now.
   * @default a draft, which waits for `start`
   */
  readonly sendAt?: Date | 'now' | undefined;
  /**
   * Running campaigns with a higher priority are sent first. A whole number.
   * @default 0
   */
  readonly priority?: number | undefined;
  /**
   * What happens to repeated numbers in this campaign. `reject` counts them as invalid. It keeps every number in memory
   * during the creation, about 40 bytes each.
   * @default 'keep'
   */
  readonly duplicates?: 'keep' | 'reject' | undefined;
  /**
   * What happens to recipients whose outcome is still unknown after `timing.gracePeriodMs`: `hold` waits for a manual
   * decision, `resend` sends again and may send twice, `abandon` leaves them unknown for ever.
   * @default the module's `onUnconfirmed.bulk`
   */
  readonly onUnconfirmed?: UnconfirmedAction | undefined;
  /**
   * Who created it, for the history: 1 to 255 characters.
   * @default 'app'
   */
  readonly actor?: string | undefined;
}

/** A completely stored campaign. */
export interface CreatedCampaign {
  readonly id: string;
  /** `false` if the idempotency key was used before: this is the campaign of the earlier call. */
  readonly isNew: boolean;
}

/** A campaign without its recipients. */
export interface Campaign {
  readonly id: string;
  readonly name: string;
  /** `undefined` after the retention period. */
  readonly content: string | undefined;
  readonly senderId: string | undefined;
  readonly state: CampaignState;
  readonly priority: number;
  /** Number of stored source entries, including invalid ones. */
  readonly total: number;
  readonly idempotencyKey: string | undefined;
  /** `undefined` if the module's `onUnconfirmed.bulk` decides. */
  readonly onUnconfirmed: UnconfirmedAction | undefined;
  readonly createdAt: Date;
  /** When it started or will start. */
  readonly startsAt: Date | undefined;
  /** When it was done; also set for cancelled campaigns, when their last request has ended. */
  readonly doneAt: Date | undefined;
  /** Why it is paused, if the gateway rejected it repeatedly while it accepted other messages. */
  readonly pausedCode: string | undefined;
  /** The gateway's reason for the pause. */
  readonly pausedReason: string | undefined;
}

/**
 * The progress of a campaign. Each stored entry is counted in exactly one count, so the counts add up to `total` in
 * every reading.
 */
export interface CampaignProgress {
  readonly id: string;
  readonly state: CampaignState;
  readonly startedAt: Date | undefined;
  readonly doneAt: Date | undefined;
  /** Number of stored source entries. */
  readonly total: number;
  /** Waiting to be sent. */
  readonly pending: number;
  /** In a request that is in flight. */
  readonly sending: number;
  /** Accepted by the gateway, without a final delivery report so far. */
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
  /** Rejected by the gateway: certainly not sent. */
  readonly rejected: number;
  /** Not a phone number, or rejected as a duplicate: never sent. */
  readonly invalid: number;
  readonly cancelled: number;
  /** Perhaps sent; waiting for evidence. */
  readonly unknown: number;
  /** Perhaps sent; needs a manual decision. */
  readonly held: number;
  /** Perhaps sent, and left unknown for ever. */
  readonly abandoned: number;
}
