import type { RecipientInput } from 'nestjs-laaffic';

/**
 * Where a campaign is.
 * - `creating`: its recipients are being stored, or were until its creator died. `draft`: it waits for `start`.
 * - `scheduled`: it waits for its time. `running`: it is sent. `paused`: nothing more of it is begun.
 * - `cancelled`: what had not been begun is never sent. `done`: nothing of it moves any more.
 */
export type CampaignState = 'creating' | 'draft' | 'scheduled' | 'running' | 'paused' | 'cancelled' | 'done';

/** Where an entry of a source comes from; the results of an invalid one have it. */
export interface CampaignEntryOrigin {
  /** The caller's own name for the recipient; need not be unique. */
  readonly orderId?: string | undefined;
  /** The line of the caller's file, counted from 1. */
  readonly line?: number | undefined;
  /**
   * What stands there; kept of an invalid entry alone, cut and masked.
   * @default `number`
   */
  readonly input?: string | undefined;
}

/** A recipient of a campaign, or an entry that whoever read it could not take for one: `problem` says why. */
export type CampaignRecipient =
  | RecipientInput
  | (CampaignEntryOrigin & { readonly number: string })
  | (CampaignEntryOrigin & { readonly problem: string });

/** Where the recipients of a campaign come from. */
export type CampaignSource = Iterable<CampaignRecipient> | AsyncIterable<CampaignRecipient>;

/** One text for any number of recipients. */
export interface NewCampaign {
  /** For people: 1 to 255 characters. */
  readonly name: string;
  /** 1 to 1024 characters. */
  readonly content: string;
  /**
   * The sender's number or name, at most 32 characters.
   * @default the module's `senderId`, else the application's own
   */
  readonly senderId?: string | undefined;
  /**
   * Read once, from the beginning, never further than one batch ahead of what is stored. An entry that is no
   * recipient does not stop the campaign: it is counted as invalid, with the reason among the results.
   *
   * Order ids may repeat. The gateway gets each once in a request: further recipients with the same go with an id that
   * is made, and the results have the caller's.
   */
  readonly recipients: CampaignSource;
  /**
   * The same key gives the same campaign, for ever; at most 255 characters. A key that was used before is refused
   * with anything else: another name, text, sender, `sendAt`, `priority` or `duplicates`. A creation that broke off is
   * gone on with by the same call with the same key. The source is read again each time, to see that it is the same.
   * @default none
   */
  readonly idempotencyKey?: string | undefined;
  /**
   * When it begins, `'now'` as soon as all recipients are stored. A time that is over for more than 5 minutes is
   * refused, unless the campaign was stored before under its key; one that has just passed is now.
   * @default it waits for `start`
   */
  readonly sendAt?: Date | 'now' | undefined;
  /**
   * Of the campaigns that are running, those with the highest are sent first; a whole number.
   * @default 0
   */
  readonly priority?: number | undefined;
  /**
   * What happens to numbers that came before in this campaign: `refuse` counts them as invalid, and remembers
   * every number while it is created, about 40 bytes each.
   * @default 'keep'
   */
  readonly duplicates?: 'keep' | 'refuse' | undefined;
  /**
   * Who creates it, for the history: 1 to 255 characters.
   * @default 'app'
   */
  readonly actor?: string | undefined;
}

/** A campaign that is stored completely. */
export interface CreatedCampaign {
  readonly id: string;
  /** `false` if the idempotency key was given before: this is the campaign of that call. */
  readonly isNew: boolean;
}

/** A campaign, without its recipients. */
export interface Campaign {
  readonly id: string;
  readonly name: string;
  /** `undefined` once it was removed for its age. */
  readonly content: string | undefined;
  readonly senderId: string | undefined;
  readonly state: CampaignState;
  readonly priority: number;
  /** Entries of the source that are stored, invalid ones too. */
  readonly total: number;
  readonly idempotencyKey: string | undefined;
  readonly createdAt: Date;
  /** When it began or is to begin. */
  readonly startsAt: Date | undefined;
  /** When nothing of it moved any more; of a cancelled one too. */
  readonly doneAt: Date | undefined;
  /** Why it is paused, if the gateway refused it again and again while it accepted other messages. */
  readonly pausedCode: string | undefined;
  /** The same in the gateway's words. */
  readonly pausedReason: string | undefined;
}

/**
 * How far a campaign is. Every stored entry is counted in exactly one of the counts, so that they add up to
 * `total` in every reading.
 */
export interface CampaignProgress {
  readonly id: string;
  readonly state: CampaignState;
  readonly startedAt: Date | undefined;
  readonly doneAt: Date | undefined;
  /** Entries of the source that are stored. */
  readonly total: number;
  /** Waiting to be sent. */
  readonly pending: number;
  /** Their request is under way. */
  readonly sending: number;
  /** Taken by the gateway, which has not reported their end yet. */
  readonly accepted: number;
  readonly delivered: number;
  readonly failed: number;
  /** Refused by the gateway: surely not sent. */
  readonly rejected: number;
  /** No phone number, or refused as a duplicate: never sent. */
  readonly invalid: number;
  readonly cancelled: number;
  /** Perhaps sent; proof is waited for. */
  readonly unknown: number;
  /** Perhaps sent, and a person has to decide. */
  readonly held: number;
  /** Perhaps sent, and nobody asks any more. */
  readonly abandoned: number;
}
