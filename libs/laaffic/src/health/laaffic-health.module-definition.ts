import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { LaafficHealthOptions } from './laaffic-health.options.js';

/** What a registration takes beside its options. */
export interface LaafficHealthModuleExtras {
  /**
   * The name of the account, for `@InjectLaafficHealth(name)`. Without one, `LaafficHealthIndicator` itself is the token.
   * @default none
   */
  name?: string | undefined;
  /**
   * Whether the indicator can be injected everywhere without importing the module.
   * @default false
   */
  isGlobal?: boolean | undefined;
}

export const {
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN: LAAFFIC_HEALTH_OPTIONS,
  OPTIONS_TYPE,
  ASYNC_OPTIONS_TYPE,
} = new ConfigurableModuleBuilder<LaafficHealthOptions>({ moduleName: 'LaafficHealth' })
  .setClassMethodName('forRoot')
  .setFactoryMethodName('createLaafficHealthOptions')
  .setExtras<LaafficHealthModuleExtras>({ name: undefined, isGlobal: false }, (definition) => definition)
  .build();
