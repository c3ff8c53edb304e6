import { LaafficException } from '../errors/laaffic.exception.js';
import { failureOf } from '../errors/status-table.js';

/** The result of a probe. An endpoint without authentication may show `data`. */
export interface AccountHealth {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string | number>>;
}

/** When an account is healthy. */
export interface HealthLimits {
  readonly minBalance: string | undefined;
  readonly maxClockOffsetSeconds: number;
}

const INSUFFICIENT_BALANCE = failureOf(-10);
const UNREACHED = 'Check baseUrl and the connection to the platform. If it lasts, ask the vendor.';

/** Decides whether an account is healthy whose balance is known. */
export function healthOf(
  { balance, clockOffsetMs }: { balance: string; clockOffsetMs: number },
  { minBalance, maxClockOffsetSeconds }: HealthLimits,
): AccountHealth {
  const facts = { balance, clockOffsetSeconds: Math.round(clockOffsetMs / 1000) };
  if (minBalance !== undefined && compareDecimals(balance, minBalance) < 0) {
    return down({
      ...facts,
      code: 'LAAFFIC_HEALTH_LOW_BALANCE',
      message: 'The balance of the SMS account is below the minimum',
      advice: INSUFFICIENT_BALANCE.advice,
      minBalance,
    });
  }
  if (Math.abs(clockOffsetMs) > maxClockOffsetSeconds * 1000) {
    return down({
      ...facts,
      code: 'LAAFFIC_HEALTH_CLOCK_OFFSET',
      message: "This machine's clock differs too much from the SMS gateway's",
      advice: "Set this machine's clock.",
      maxClockOffsetSeconds,
    });
  }
  return { isUp: true, data: facts };
}

/**
 * Describes an account whose balance could not be requested. The gateway's own text is left out.
 * @throws the error itself if it is not an exception of this module: then the program is wrong, not the account.
 */
export function healthAfterFailure(error: unknown): AccountHealth {
  if (!(error instanceof LaafficException)) throw error;
  const { code, title, advice, outcome } = error.failure;
  // The advice for unknown outcomes is about sends, and a probe sends nothing.
  return down({ code, message: title, advice: outcome === 'unknown' ? UNREACHED : advice });
}

/** Compares decimals of any length exactly. @returns below 0 if `a` is less than `b`, 0 if they are equal. */
export function compareDecimals(a: string, b: string): number {
  const places = Math.max(placesOf(a), placesOf(b));
  const [left, right] = [scaled(a, places), scaled(b, places)];
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function down(data: AccountHealth['data']): AccountHealth {
  return { isUp: false, data };
}

function placesOf(decimal: string): number {
  const point = decimal.indexOf('.');
  return point < 0 ? 0 : decimal.length - point - 1;
}

function scaled(decimal: string, places: number): bigint {
  return BigInt(decimal.replace('.', '') + '0'.repeat(places - placesOf(decimal)));
}
