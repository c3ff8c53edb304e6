import type { Lane } from '../options/outbox.options.js';

/**
 * The new state of a chunk, or of some of its recipients.
 * - `pending`: released, certainly not sent.
 * - `split`: split into smaller chunks, which are sent.
 * - `completed`: the gateway responded.
 * - `rejected`: the gateway rejected all recipients, or the message expired.
 * - `unknown`: perhaps sent; waiting for evidence.
 * - `held`: there was no evidence; needs a manual decision.
 * - `abandoned`: left unknown for ever.
 */
export type ActivityState = 'pending' | 'split' | 'completed' | 'rejected' | 'unknown' | 'held' | 'abandoned';

/** The states that recipients are counted by. */
export type ActivityRecipients = 'accepted' | 'rejected' | 'unknown' | 'held' | 'abandoned';

/** A committed change that this process made to one chunk: a message, or a part of a message or campaign. */
export interface OutboxActivity {
  readonly state: ActivityState;
  readonly lane: Lane;
  /** Number of recipients that changed to a state. */
  readonly recipients: Readonly<Partial<Record<ActivityRecipients, number>>>;
  /** The request that ended with this change, if there was one. */
  readonly request?: {
    /** The number of the attempt, from 1. */
    readonly attempt: number;
    /** Milliseconds from when the chunk was due until it was claimed, by the database's clock. */
    readonly waitedMs: number;
  };
}
