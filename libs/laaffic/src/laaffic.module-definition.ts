import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficOptions } from './options/laaffic.options.js';

/** The options of a registration beside those of the account. */
export interface LaafficModuleExtras {
  /**
   * Makes the account injectable everywhere, without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of the account, for `@InjectSms(account)`. Needed if an app has several accounts.
   * @default none: the account is injected as `SmsService`
   */
  account?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficOptions>({ moduleName: 'Laaffic' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficOptions')
  .setExtras<LaafficModuleExtras>({ isGlobal: false, account: undefined }, (definition) => definition)
  .build();
