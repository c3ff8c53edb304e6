import type { Lane } from '../options/outbox.options.js';

/**
 * Where a chunk was moved to, or some of its recipients.
 * - `pending`: it was given back, surely unsent. `divided`: it is sent anew in parts.
 * - `settled`: the gateway answered. `refused`: it said no to all, or the time was over.
 * - `unknown`: perhaps sent; proof is waited for. `held`: none came. `abandoned`: nobody asks any more.
 */
export type ActivityState = 'pending' | 'divided' | 'settled' | 'refused' | 'unknown' | 'held' | 'abandoned';

/** What recipients are counted by. */
export type ActivityRecipients = 'accepted' | 'rejected' | 'unknown' | 'held' | 'abandoned';

/** What this process moved on and has committed: one chunk, which is a message or a part of one or of a campaign. */
export interface OutboxActivity {
  readonly state: ActivityState;
  readonly lane: Lane;
  /** How many recipients have come to be so by it. */
  readonly recipients: Readonly<Partial<Record<ActivityRecipients, number>>>;
  /** The request that it is the end of, if it is that of one. */
  readonly request?: {
    /** The how manieth of the chunk, from 1. */
    readonly attempt: number;
    /** Milliseconds from when it could have begun until it was claimed, by the database's clock. */
    readonly waited: number;
  };
}
