import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsCheck } from '../options/options-check.js';

/** What is healthy, and how often the platform is asked. */
export interface LaafficHealthOptions {
  /**
   * The least real money that the account must hold, as decimal text: `'25.50'`. Bonus and credit do not count.
   * @default none: any balance is healthy
   */
  minimumBalance?: string | undefined;
  /**
   * The most that this machine's clock and the platform's may be apart, in seconds.
   * @default 300
   */
  maximumClockOffset?: number | undefined;
  /**
   * How long an answer is kept, in milliseconds, good or bad; probes in between do not reach the platform.
   * @default 30000
   */
  cacheFor?: number | undefined;
  /**
   * The most that one probe may take, in milliseconds.
   * @default 5000
   */
  timeout?: number | undefined;
  /**
   * Milliseconds of a clock that only goes forward, by which answers are kept; for tests.
   * @default performance.now
   */
  now?: (() => number) | undefined;
}

const DEFAULTS = { maximumClockOffset: 300, cacheFor: 30_000, timeout: 5_000 } as const;

/** The options checked and filled with their defaults. */
export class LaafficHealthSettings {
  readonly minimumBalance: string | undefined;
  readonly maximumClockOffset: number;
  readonly cacheFor: number;
  readonly timeout: number;
  readonly now: () => number;

  /** @throws {LaafficOptionsError} naming each field that is unknown or out of range. */
  constructor(options: unknown) {
    const check = new OptionsCheck(options, 'health.');
    this.minimumBalance = readDecimal(check);
    this.maximumClockOffset = check.positive('maximumClockOffset', DEFAULTS.maximumClockOffset);
    this.cacheFor = check.positive('cacheFor', DEFAULTS.cacheFor);
    this.timeout = check.positive('timeout', DEFAULTS.timeout);
    this.now = readClock(check);
    check.refuseUnknown();
    if (check.problems.length > 0) throw new LaafficOptionsError(check.problems);
    Object.freeze(this);
  }
}

function readDecimal(check: OptionsCheck): string | undefined {
  const value = check.value('minimumBalance');
  if (value === undefined || (typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))) return value;
  check.problems.push("health.minimumBalance must be a decimal as text, such as '25.50'");
  return undefined;
}

function readClock(check: OptionsCheck): () => number {
  const value = check.value('now');
  if (typeof value === 'function') return value as () => number;
  if (value !== undefined) check.problems.push('health.now must be a function');
  return () => performance.now();
}
