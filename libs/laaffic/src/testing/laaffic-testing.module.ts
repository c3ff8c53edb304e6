import { Module, type DynamicModule } from '@nestjs/common';
import { getSmsToken } from '../sms-token.js';
import { SmsService } from '../sms.service.js';
import { FakeSmsService } from './fake-sms.service.js';
import type { FakeSmsOptions } from './in-process-account.js';

export interface LaafficTestingOptions extends FakeSmsOptions {
  /**
   * The name of the account that the fake stands for.
   * @default none: it is found under `SmsService`, and under `FakeSmsService`
   */
  name?: string | undefined;
  /**
   * Whether the fake can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
}

/**
 * `LaafficModule` without a network: provides a {@link FakeSmsService} under the token of the account.
 * Like the real one, a named account is found under `getSmsToken(name)` only.
 */
@Module({})
export class LaafficTestingModule {
  static forRoot({ name, isGlobal = false, ...options }: LaafficTestingOptions = {}): DynamicModule {
    const token = name === undefined ? SmsService : getSmsToken(name);
    const alias = name === undefined ? [{ provide: FakeSmsService, useExisting: SmsService }] : [];
    return {
      module: LaafficTestingModule,
      global: isGlobal,
      providers: [{ provide: token, useFactory: () => new FakeSmsService(options) }, ...alias],
      exports: [token, ...alias.map(({ provide }) => provide)],
    };
  }
}
