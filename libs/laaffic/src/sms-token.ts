import { Inject, type InjectionToken } from '@nestjs/common';
import { SmsService } from './sms.service.js';

/**
 * Returns the injection token of an account's `SmsService`.
 * @param account the name that the account is registered under. @default the account without a name: `SmsService`
 * @example
 * overrideProvider(getSmsToken('marketing')).useValue(new FakeSmsService());
 */
export function getSmsToken(account?: string): InjectionToken<SmsService> {
  return account === undefined ? SmsService : `SmsService:${account}`;
}

/**
 * Injects the `SmsService` of an account.
 * @param account the name that the account is registered under. @default the account without a name
 * @example
 * constructor(@InjectSms('marketing') private readonly sms: SmsService) {}
 */
export function InjectSms(account?: string): ParameterDecorator & PropertyDecorator {
  return Inject(getSmsToken(account));
}
