import { Injectable } from '@nestjs/common';
import { HealthIndicatorService, type HealthIndicatorResult } from '@nestjs/terminus';
import type { SmsService } from '../sms.service.js';
import type { LaafficHealthSettings } from './laaffic-health.options.js';
import { SharedAnswer } from './shared-answer.js';
import { judge, judgeFailure, type Verdict } from './verdict.js';

/** Tells Terminus whether an account can send: its credentials, its balance, and the clock that signs. */
@Injectable()
export class LaafficHealthIndicator {
  readonly #verdict: SharedAnswer<Verdict>;

  /** @param account finds the account when it is first asked about: the app's modules may not be ready before. */
  constructor(
    private readonly account: () => Pick<SmsService, 'balance' | 'clockOffset'>,
    private readonly settings: LaafficHealthSettings,
    private readonly indicators: HealthIndicatorService,
  ) {
    this.#verdict = new SharedAnswer(() => this.probe(), settings.cacheFor, settings.now);
  }

  /**
   * Up if the platform accepts the credentials, the balance is not below `minimumBalance`, and the
   * clocks are not further apart than `maximumClockOffset`. Down with a `code`, a `message` and an
   * `advice`; never with a secret, a phone number or the gateway's own words.
   * @param key the name of the entry in the result.
   */
  async isHealthy<const Key extends string = 'laaffic'>(
    key: Key = 'laaffic' as Key,
  ): Promise<HealthIndicatorResult<Key>> {
    const { isUp, data } = await this.#verdict.get();
    const session = this.indicators.check(key);
    return isUp ? session.up({ ...data }) : session.down({ ...data });
  }

  private async probe(): Promise<Verdict> {
    const sms = this.account();
    try {
      const { balance } = await sms.balance({ timeout: this.settings.timeout });
      return judge({ balance, clockOffset: sms.clockOffset }, this.settings);
    } catch (error) {
      return judgeFailure(error);
    }
  }
}
