import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsReader } from '../options/options-reader.js';

/** When an account is healthy, and how often the platform is queried. */
export interface LaafficHealthOptions {
  /**
   * The lowest healthy balance of real money, as decimal text: `'25.50'`. Bonus and credit do not count.
   * @default none: any balance is healthy
   */
  minBalance?: string | undefined;
  /**
   * The largest healthy difference between this machine's clock and the platform's, in seconds.
   * @default 300
   */
  maxClockOffsetSeconds?: number | undefined;
  /**
   * How long a result is kept, good or bad, in milliseconds. Probes in between do not reach the platform.
   * @default 30000
   */
  cacheTtlMs?: number | undefined;
  /**
   * The time limit of one probe in milliseconds.
   * @default 5000
   */
  timeoutMs?: number | undefined;
}

/** The checked options, with all defaults. */
export class LaafficHealthSettings {
  readonly minBalance: string | undefined;
  readonly maxClockOffsetSeconds: number;
  readonly cacheTtlMs: number;
  readonly timeoutMs: number;

  /**
   * @param account the name that the account is registered under.
   * @throws {LaafficOptionsError} naming each field that is unknown or out of range.
   */
  constructor(options: unknown, account?: string) {
    const reader = new OptionsReader(options, 'health.');
    this.minBalance = readDecimal(reader);
    this.maxClockOffsetSeconds = reader.wholeNumber('maxClockOffsetSeconds', 300);
    this.cacheTtlMs = reader.wholeNumber('cacheTtlMs', 30_000);
    this.timeoutMs = reader.wholeNumber('timeoutMs', 5_000);
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new LaafficOptionsError(reader.problems, account);
    Object.freeze(this);
  }
}

function readDecimal(reader: OptionsReader): string | undefined {
  const value = reader.value('minBalance');
  if (value === undefined || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) return value;
  reader.report('minBalance', "must be a decimal as text, such as '25.50'");
  return undefined;
}
