import type { HealthIndicatorResult } from '@nestjs/terminus';
import { CachedResult } from 'nestjs-laaffic/health';
import type { OutboxStore } from '../store/outbox-store.js';
import { DatabaseProbe, type ProbedDatabase } from './database-probe.js';
import { checkLimits, type OutboxHealthLimits } from './outbox-health.limits.js';
import { judge } from './verdict.js';

/** How long a result is kept, good or bad, in milliseconds. */
const KEPT_FOR = 1_000;
const TIMEOUT = 5_000;

/**
 * Reports to Terminus whether the outbox can send, and how much waits in it.
 * @example
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.outbox.isHealthy('outbox', { oldestPrioritySeconds: 30, held: 0 })]);
 * }
 */
export class OutboxHealthIndicator {
  readonly #probed = new CachedResult(() => this.probe(), KEPT_FOR);
  #probe: DatabaseProbe | undefined;

  /** @param store finds the outbox at the first check, because the app's modules may not be ready earlier. */
  constructor(private readonly store: () => OutboxStore) {}

  /**
   * Checks the outbox. It is up if the database responds within 5 s and does what sending needs, the account is not
   * paused, and no limit is exceeded. A lane that a person has paused does not make it down: `pausedLanes` names it, and
   * the limits of what waits in it do not count.
   *
   * When it is down, the result has a `code`, a `message` and `advice`. Up or down, it has the recipient counts if they
   * can be read. It never contains a phone number, a text or a response of the gateway. A result is kept for one
   * second.
   * @param key the name of the entry in the result.
   * @param limits what the outbox may contain and still be healthy.
   * @throws {OutboxOptionsError} naming each limit that is unknown or not a number of at least 0.
   */
  async isHealthy<const Key extends string = 'outbox'>(
    key: Key = 'outbox' as Key,
    limits: OutboxHealthLimits = {},
  ): Promise<HealthIndicatorResult<Key>> {
    checkLimits(limits);
    const { isUp, data } = judge(await this.#probed.get(), limits);
    const result = { [key]: { ...data, status: isUp ? 'up' : 'down' } };
    return result as HealthIndicatorResult<Key>;
  }

  private probe(): Promise<ProbedDatabase | undefined> {
    this.#probe ??= new DatabaseProbe(this.store(), TIMEOUT);
    return this.#probe.ask();
  }
}
