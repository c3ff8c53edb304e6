import type { Purpose } from '../sql/generated.js';

/** What a worker needs to send one chunk. */
export interface ClaimedChunk {
  readonly id: string;
  readonly attempt: number;
  readonly campaignId: string | undefined;
  /** Number of recipients. */
  readonly size: number;
  /** One entry for each slot. Empty slots have no recipient. */
  readonly numbers: readonly string[];
  /** The caller's order ids by slot; empty for recipients without one. */
  readonly orderIds: readonly string[] | undefined;
  /** As it is stored. */
  readonly content: string;
  /** The key that the content is sealed with; `undefined` if it is not sealed. */
  readonly sealKeyId: string | undefined;
  readonly senderId: string | undefined;
  /** How often a temporary limit of its only number has delayed it. */
  readonly numberRetries: number;
  /** Number of further requests that may be spent on finding the rejected number. */
  readonly splitsLeft: number;
  /** Milliseconds after which it must not be sent any more. */
  readonly expiresInMs: number | undefined;
  /** Whether an earlier attempt may have been accepted. Then a rejection does not mean that nothing was sent. */
  readonly maybeAccepted: boolean;
  /** Whether it is a probe of the paused account. */
  readonly isProbe: boolean;
  /** Whether it is a probe of a limited lane, with a larger request. */
  readonly isLaneProbe: boolean;
  /** Milliseconds from when it was due until it was claimed, by the database's clock. */
  readonly waitedMs: number;
  /** `undefined` if the message did not say, and for campaigns. */
  readonly purpose: Purpose | undefined;
  /** The last change of the account's opt-outs when it was claimed; `undefined` if there was none. */
  readonly optOutVersion: string | undefined;
}
