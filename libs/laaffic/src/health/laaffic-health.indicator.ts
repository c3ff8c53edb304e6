import { Inject, Injectable, type InjectionToken } from '@nestjs/common';
import type { HealthIndicatorResult } from '@nestjs/terminus';
import type { SmsService } from '../sms.service.js';
import { healthAfterFailure, healthOf, type AccountHealth } from './account-health.js';
import { CachedResult } from './cached-result.js';
import type { LaafficHealthSettings } from './laaffic-health.options.js';

/**
 * Tells Terminus whether an account can send: its credentials, its balance, and the clock that signs.
 * @example
 * @Get()
 * @HealthCheck()
 * check() {
 *   return this.health.check([() => this.laaffic.isHealthy()]);
 * }
 */
@Injectable()
export class LaafficHealthIndicator {
  readonly #health: CachedResult<AccountHealth>;

  /** @param account returns the account; called at the first probe because the app's modules may not be ready before. */
  constructor(
    private readonly account: () => Pick<SmsService, 'getBalance' | 'clockOffsetMs'>,
    private readonly settings: LaafficHealthSettings,
  ) {
    this.#health = new CachedResult(() => this.#probe(), settings.cacheTtlMs);
  }

  /**
   * Up if the platform accepts the credentials, the balance is not below `minBalance`, and the clocks differ by at most
   * `maxClockOffsetSeconds`. Down with a `code`, a `message` and an `advice`; never with a secret, a phone number or the
   * gateway's own text.
   * @param key the name of the entry in the result.
   */
  async isHealthy<const Key extends string = 'laaffic'>(
    key: Key = 'laaffic' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const { isUp, data } = await this.#health.get();
    const result = { [key]: { ...data, status: isUp ? 'up' : 'down' } };
    return result as HealthIndicatorResult<Key>;
  }

  async #probe(): Promise<AccountHealth> {
    const sms = this.account();
    try {
      const { balance } = await sms.getBalance({ timeoutMs: this.settings.timeoutMs });
      return healthOf({ balance, clockOffsetMs: sms.clockOffsetMs }, this.settings);
    } catch (error) {
      return healthAfterFailure(error);
    }
  }
}

/**
 * Returns the injection token of an account's `LaafficHealthIndicator`.
 * @param account the name that the account is registered under. @default the account without a name
 */
export function getLaafficHealthToken(account?: string): InjectionToken<LaafficHealthIndicator> {
  return account === undefined ? LaafficHealthIndicator : `LaafficHealthIndicator:${account}`;
}

/**
 * Injects the `LaafficHealthIndicator` of an account.
 * @param account the name that the account is registered under. @default the account without a name
 */
export function InjectLaafficHealth(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getLaafficHealthToken(account));
}
