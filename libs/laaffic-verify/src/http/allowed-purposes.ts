import { Inject, Injectable } from '@nestjs/common';
import { toVerificationError, VerificationError } from '../errors/verification.error.js';
import { SmsVerification } from '../sms-verification.js';
import { VerifyHttpSettings } from './verify-http.options.js';

/** Keeps routes to the purposes that they are registered for. */
@Injectable()
export class AllowedPurposes {
  constructor(
    @Inject(SmsVerification) private readonly verification: SmsVerification,
    @Inject(VerifyHttpSettings) private readonly settings: VerifyHttpSettings,
  ) {}

  /** @throws {VerificationError} `VERIFY_INVALID_REQUEST` */
  check(purpose: string): void {
    if (this.#isAllowed(purpose)) return;
    const message = 'purpose is not one of the purposes of this app';
    throw new VerificationError('VERIFY_INVALID_REQUEST', message, { field: 'purpose' });
  }

  /**
   * Checks the purpose of a verification that exists.
   * @throws {VerificationError} `VERIFY_OVER`, as if it did not exist.
   */
  async checkOf(id: string, tenant?: string): Promise<void> {
    if (this.settings.purposes === undefined) return;
    const found = await this.verification.find(id, { tenant });
    if (found === undefined || !this.#isAllowed(found.purpose)) throw toVerificationError({ status: 'over' });
  }

  #isAllowed(purpose: string): boolean {
    return this.settings.purposes?.includes(purpose) !== false;
  }
}
