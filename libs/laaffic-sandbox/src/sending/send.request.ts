import type { Refusal } from '../protocol/refusal.js';

/** One content for some numbers. Its parameters are in order; the numbers themselves are not checked yet. */
export interface SendRequest {
  readonly appId: string;
  readonly numbers: readonly string[];
  /** One for each number; `null` when none was sent. */
  readonly orderIds: readonly (string | null)[] | null;
  readonly content: string;
  readonly senderId: string | null;
}

/** An entry of a batch whose parameters are wrong, the other entries notwithstanding. */
export interface RefusedRequest {
  readonly numbers: readonly string[];
  readonly orderIds: null;
  readonly refusal: Refusal;
}
