import { LaafficException } from '../errors/laaffic.exception.js';
import { failureOf } from '../errors/status-table.js';
import { compareDecimals } from './compare-decimals.js';

/** What a probe found; `data` is fit for an endpoint that anybody may read. */
export interface Verdict {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string | number>>;
}

/** What an account must be like. */
export interface Limits {
  readonly minimumBalance: string | undefined;
  /** Seconds. */
  readonly maximumClockOffset: number;
}

const INSUFFICIENT_BALANCE = failureOf(-10);
const UNREACHED = 'Check baseUrl and the way to the platform; if it lasts, ask the vendor.';

/**
 * Judges an account whose balance could be asked for.
 * @param clockOffset milliseconds.
 */
export function judge({ balance, clockOffset }: { balance: string; clockOffset: number }, limits: Limits): Verdict {
  const { minimumBalance, maximumClockOffset } = limits;
  const clockOffsetSeconds = Math.round(clockOffset / 1000);
  const facts = { balance, clockOffsetSeconds };
  if (minimumBalance !== undefined && compareDecimals(balance, minimumBalance) < 0) {
    return down({
      ...facts,
      code: 'LAAFFIC_HEALTH_LOW_BALANCE',
      message: 'The balance of the SMS account is below the minimum',
      advice: INSUFFICIENT_BALANCE.advice,
      minimumBalance,
    });
  }
  if (Math.abs(clockOffset) > maximumClockOffset * 1000) {
    return down({
      ...facts,
      code: 'LAAFFIC_HEALTH_CLOCK_OFFSET',
      message: "This machine's clock is too far from the SMS gateway's",
      advice: "Set this machine's clock.",
      maximumClockOffsetSeconds: maximumClockOffset,
    });
  }
  return { isUp: true, data: facts };
}

/**
 * Judges an account whose balance could not be asked for. The gateway's own words are left out.
 * @throws what is no exception of this module: a mistake, not a sick account.
 */
export function judgeFailure(error: unknown): Verdict {
  if (!(error instanceof LaafficException)) throw error;
  const { code, title, advice, outcome } = error.failure;
  // Where a send's outcome would be unknown the advice is about settling it, and a probe sends nothing.
  return down({ code, message: title, advice: outcome === 'unknown' ? UNREACHED : advice });
}

function down(data: Verdict['data']): Verdict {
  return { isUp: false, data };
}
