import { ExchangeFailure } from './exchange.js';

/** The caller's last word on a request. */
export type MayStart = () => boolean;

/** Asks it. @returns why nothing may be written: it said no, or threw. */
export function withheldBy(mayStart: MayStart): ExchangeFailure | undefined {
  try {
    return mayStart() ? undefined : new ExchangeFailure('withheld', false, undefined);
  } catch (cause) {
    return new ExchangeFailure('withheld', false, cause);
  }
}
