import { Inject } from '@nestjs/common';

/** Token of the `SmsService` of a named account. */
export function getSmsToken(name: string): string {
  return `SmsService:${name}`;
}

/** Injects the `SmsService` of the account that was registered under this name. */
export function InjectSms(name: string): ParameterDecorator & PropertyDecorator {
  return Inject(getSmsToken(name));
}
