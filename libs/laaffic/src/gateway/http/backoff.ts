import { LaafficLimitException, type LaafficException } from '../../errors/laaffic.exception.js';
import { onAbort } from '../../on-abort.js';

/** The shortest and the longest delay, in milliseconds. */
export interface BackoffLimits {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Milliseconds before the next attempt: doubled with each failure, capped, and spread by half so that many clients do not
 * come back at the same time.
 * @param failures the number of attempts that failed before the last one.
 * @param last the last failure. A limit says how long to wait at least.
 * @param random from 0 to below 1.
 */
export function backoffMs(
  failures: number,
  { minDelayMs, maxDelayMs }: BackoffLimits,
  last: LaafficException,
  random: number,
): number {
  const asked = last instanceof LaafficLimitException ? last.retryAfterSeconds * 1000 : 0;
  const delay = Math.min(maxDelayMs, Math.max(asked, minDelayMs * 2 ** failures));
  return Math.ceil(delay * (0.5 + random / 2));
}

/** Waits. @returns `false` if the signal aborted first. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  if (signal?.aborted === true) return false;
  return new Promise((resolve) => {
    const stopWatching = onAbort(signal, () => {
      end(false);
    });
    const timer = setTimeout(() => {
      end(true);
    }, ms);
    const end = (isOver: boolean) => {
      clearTimeout(timer);
      stopWatching();
      resolve(isOver);
    };
  });
}
