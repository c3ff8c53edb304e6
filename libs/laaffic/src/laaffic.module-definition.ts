import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficOptions } from './options/laaffic.options.js';

/** What a registration takes beside the options of the account. */
export interface LaafficModuleExtras {
  /**
   * Whether the account can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
  /**
   * The name of the account, for `@InjectSms(name)`. Without one, `SmsService` itself is the token.
   * @default none
   */
  name?: string | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficOptions>({ moduleName: 'Laaffic' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficOptions')
  .setExtras<LaafficModuleExtras>({ isGlobal: false, name: undefined }, (definition) => definition)
  .build();
