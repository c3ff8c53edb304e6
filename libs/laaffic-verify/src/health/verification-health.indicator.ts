import type { HealthIndicatorResult } from '@nestjs/terminus';
import { CachedResult } from 'nestjs-laaffic/health';
import type { GuardAlarm } from '../guard/guard-alarm.js';
import { SchemaProbe, type ProbedSchema } from './schema-probe.js';
import { judge } from './verdict.js';

/** How long a result is kept, good or bad, in milliseconds. */
const KEPT_FOR_MS = 1_000;
const TIMEOUT_MS = 5_000;

/** Alarms of messages that are not sent, or do not arrive. */
const SHOWN = new Set(['cap', 'trouble']);

/**
 * Reports to Terminus whether verifications can be stored. Whether their messages can be sent is reported by the
 * `OutboxHealthIndicator`.
 * @example
 * @Get('health')
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.outbox.isHealthy(), () => this.verification.isHealthy()]);
 * }
 */
export class VerificationHealthIndicator {
  readonly #probed = new CachedResult<ProbedSchema>(() => this.#probe.ask(), KEPT_FOR_MS);
  readonly #probe: SchemaProbe;
  #alarms: readonly string[] = [];

  /**
   * @param check rejects if the database or its schema is not as it has to be.
   * @param findAlarms finds the alarms of the guard that are on.
   */
  constructor(check: () => Promise<void>, findAlarms: () => Promise<readonly GuardAlarm[]>) {
    this.#probe = new SchemaProbe(async () => {
      await check();
      this.#alarms = shownAlarms(await findAlarms());
    }, TIMEOUT_MS);
  }

  /**
   * Checks the database. It is up if the database responds within 5 s and has the schema of this release.
   *
   * When it is up, `alarms` lists the alarms of the guard that are on and stop messages: `cap GB`, `trouble GB`. They do not
   * take the app down, because another instance would have them too.
   *
   * When it is down, the result has a `code`, a `message` and `advice`. It never contains a phone number. A result is kept
   * for one second.
   * @param key the name of the entry in the result.
   */
  async isHealthy<const Key extends string = 'verification'>(
    key: Key = 'verification' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const { isUp, data } = judge(await this.#probed.get());
    const alarms = isUp && this.#alarms.length > 0 ? { alarms: this.#alarms } : {};
    const result = { [key]: { ...data, ...alarms, status: isUp ? 'up' : 'down' } };
    return result as HealthIndicatorResult<Key>;
  }
}

function shownAlarms(alarms: readonly GuardAlarm[]): readonly string[] {
  return alarms.filter(({ type }) => SHOWN.has(type)).map(({ type, scope }) => `${type} ${scope}`);
}
