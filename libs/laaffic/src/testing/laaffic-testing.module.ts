import { Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { keepReceiptsWhole } from '../receipt-serialization.js';
import { getSmsToken } from '../sms-token.js';
import { SmsService } from '../sms.service.js';
import { FakeSmsService } from './fake-sms.service.js';
import type { FakeSmsOptions } from './in-process-account.js';

/** The options of `LaafficTestingModule`. */
export interface LaafficTestingOptions extends FakeSmsOptions {
  /**
   * The name of the account that the fake stands for.
   * @default the account without a name, whose tokens are `SmsService` and `FakeSmsService`
   */
  account?: string | undefined;
  /**
   * Whether the fake can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
}

/**
 * `LaafficModule` without a network: provides a {@link FakeSmsService} under the token of the account. As with the real
 * module, the token of a named account is `getSmsToken(name)`.
 * @example
 * const app = await Test.createTestingModule({
 *   imports: [LaafficTestingModule.forRoot()],
 *   providers: [Bookings],
 * }).compile();
 * app.get(FakeSmsService).failNext({ status: -10 });
 */
@Module({})
export class LaafficTestingModule implements OnModuleInit {
  static forRoot({ account, isGlobal = false, ...options }: LaafficTestingOptions = {}): DynamicModule {
    const token = getSmsToken(account);
    const alias = account === undefined ? [{ provide: FakeSmsService, useExisting: SmsService }] : [];
    return {
      module: LaafficTestingModule,
      global: isGlobal,
      providers: [{ provide: token, useFactory: () => new FakeSmsService(options) }, ...alias],
      exports: [token, ...alias.map(({ provide }) => provide)],
    };
  }

  onModuleInit(): Promise<void> {
    return keepReceiptsWhole();
  }
}
