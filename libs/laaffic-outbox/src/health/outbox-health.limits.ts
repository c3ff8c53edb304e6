import { OptionsReader } from 'nestjs-laaffic';
import { OutboxOptionsError } from '../errors/outbox.error.js';

/** What the outbox may contain and still be healthy. */
export interface OutboxHealthLimits {
  /**
   * Recipients that could be sent to now.
   * @default no limit
   */
  readonly backlog?: number | undefined;
  /**
   * How long the oldest pending recipient could have been sent to, in seconds. A large campaign takes its time.
   * @default no limit
   */
  readonly oldestPendingSeconds?: number | undefined;
  /**
   * The same for the priority lane only, in seconds.
   * @default no limit
   */
  readonly oldestPrioritySeconds?: number | undefined;
  /**
   * Recipients on hold that need a manual decision.
   * @default no limit
   */
  readonly held?: number | undefined;
  /**
   * Events that a handler failed to handle too often.
   * @default no limit
   */
  readonly failedEvents?: number | undefined;
}

const LIMITED = ['backlog', 'oldestPendingSeconds', 'oldestPrioritySeconds', 'held', 'failedEvents'] as const;

/** @returns the names of the exceeded limits, such as `held`. */
export function exceeded(
  stats: Readonly<Record<(typeof LIMITED)[number], number>>,
  limits: OutboxHealthLimits,
): (typeof LIMITED)[number][] {
  return LIMITED.filter((name) => stats[name] > (limits[name] ?? Infinity));
}

/**
 * Checks the limits of one call. A wrong limit would make any outbox healthy.
 * @throws {OutboxOptionsError} naming each limit that is unknown or not a number of at least 0.
 */
export function checkLimits(limits: OutboxHealthLimits): void {
  const reader = new OptionsReader(limits, 'limits.');
  for (const name of LIMITED) {
    const limit = reader.value(name);
    if (limit !== undefined && !(typeof limit === 'number' && limit >= 0)) {
      reader.report(name, 'must be a number of at least 0');
    }
  }
  reader.rejectUnknown();
  if (reader.problems.length > 0) throw new OutboxOptionsError(reader.problems);
}
