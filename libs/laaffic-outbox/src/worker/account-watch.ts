import { Logger } from '@nestjs/common';
import type { AccountControl } from '../ledger/account-control.js';
import type { Outages } from '../outages.js';
import type { AccountSign } from './attempt.js';

/** So many requests of one worker without a readable answer, one after the other, and the gateway counts as silent. */
const MOST_SILENCES = 5;
/** Milliseconds until the first probe. What a person has to mend takes longer than what mends itself. */
const FIRST_PROBE = { account: 10_000, silence: 2_000 } as const;
const OUTAGE = "The account's state cannot be written";

/**
 * Watches what attempts say about the account: pauses it for all workers where nothing can be sent, or
 * where the gateway is silent, for else a whole campaign would end as unknown; slows it down where it
 * is limited; and resumes it when a probe gets through.
 */
export class AccountWatch {
  readonly #logger = new Logger('LaafficOutbox');
  #silences = 0;
  #wasLimited = false;

  constructor(
    private readonly control: AccountControl,
    private readonly outages: Outages,
  ) {}

  /** Never rejects. @param isProbe whether the attempt was made to see if a paused account works again. */
  async heed(sign: AccountSign, isProbe: boolean): Promise<void> {
    try {
      await this.#heed(sign, isProbe);
      this.outages.over(OUTAGE);
    } catch (error) {
      this.outages.report(OUTAGE, error);
    }
  }

  async #heed(sign: AccountSign, isProbe: boolean): Promise<void> {
    if (sign.is !== 'untouched') this.#silences = sign.is === 'silent' ? this.#silences + 1 : 0;
    switch (sign.is) {
      case 'untouched':
        return;
      case 'works':
        return this.#works(isProbe);
      case 'broken':
        return this.#pause(sign.code, sign.reason, FIRST_PROBE.account);
      case 'limited':
        this.#wasLimited = true;
        if (isProbe) await this.#pause('OUTBOX_LIMITED', 'the probe was not taken', FIRST_PROBE.silence);
        return this.control.slowDown(sign.delay);
      case 'silent':
        if (!isProbe && this.#silences < MOST_SILENCES) return;
        return this.#pause('OUTBOX_GATEWAY_SILENT', `no readable answers (${sign.code})`, FIRST_PROBE.silence);
    }
  }

  async #pause(code: string, reason: string, firstProbe: number): Promise<void> {
    if (!(await this.control.pause(code, reason, firstProbe))) return;
    this.#logger.error(`The account is paused (${code}: ${reason}): nothing is sent until a probe gets through`);
  }

  async #works(isProbe: boolean): Promise<void> {
    if (isProbe && (await this.control.resume('probe'))) this.#logger.log('The account works again');
    if (!this.#wasLimited) return;
    this.#wasLimited = false;
    await this.control.speedUp();
  }
}
