import { Module, type DynamicModule } from '@nestjs/common';
import { FraudGuard } from '../fraud-guard.js';
import { ClientSources } from '../requests/client-sources.js';
import { SmsVerification } from '../sms-verification.js';
import { partsOf } from './fake-parts.js';
import { FakeSmsVerification, type FakeVerificationOptions } from './fake-sms-verification.js';

/** The options of `LaafficVerifyTestingModule`. */
export interface LaafficVerifyTestingOptions extends FakeVerificationOptions {
  /**
   * Whether the fake can be injected everywhere without importing the module.
   * @default false
   */
  readonly isGlobal?: boolean | undefined;
}

/**
 * `LaafficVerifyModule` without a database and a gateway: provides a {@link FakeSmsVerification} as `SmsVerification`,
 * and its `FraudGuard`. It needs neither `LaafficModule` nor `LaafficOutboxModule`.
 * @example
 * const app = await Test.createTestingModule({
 *   imports: [LaafficVerifyTestingModule.forRoot({ isGlobal: true }), SignUpModule],
 * }).compile();
 * const verification = app.get(FakeSmsVerification);
 */
@Module({})
export class LaafficVerifyTestingModule {
  /** The boot fails with a `VerificationOptionsError` that names each wrong option. */
  static forRoot({ isGlobal = false, ...options }: LaafficVerifyTestingOptions = {}): DynamicModule {
    return {
      module: LaafficVerifyTestingModule,
      global: isGlobal,
      providers: [
        { provide: SmsVerification, useFactory: () => new FakeSmsVerification(options) },
        { provide: FakeSmsVerification, useExisting: SmsVerification },
        { provide: FraudGuard, useFactory: ({ guard }: FakeSmsVerification) => guard, inject: [SmsVerification] },
        {
          provide: ClientSources,
          useFactory: (fake: FakeSmsVerification) => partsOf(fake).clientSources,
          inject: [SmsVerification],
        },
      ],
      exports: [SmsVerification, FakeSmsVerification, FraudGuard, ClientSources],
    };
  }
}
