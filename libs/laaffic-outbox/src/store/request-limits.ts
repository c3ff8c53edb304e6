import type { OutboxSettings } from '../options/outbox.settings.js';

/** The gateway accepts this many recipients in one POST. */
export const LARGEST_REQUEST = 1_000;
/** The share of a second's recipients that may go at once. A sliding second may exceed the rate by this much. */
const BURST = 0.06;

/**
 * What the database needs to know about the size of requests. Claims and the creation of campaigns use the same, so a
 * claim need not split what a campaign has stored.
 */
export function requestLimits({ rate }: Pick<OutboxSettings, 'rate'>) {
  const { recipientsPerSecond = null, requestsPerSecond = null, priorityShare } = rate;
  return { recipientsPerSecond, requestsPerSecond, burst: BURST, priorityShare, largest: LARGEST_REQUEST };
}
