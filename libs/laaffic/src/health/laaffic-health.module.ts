import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { optionsScopeCheck } from '../options/options-scope.js';
import { getSmsToken } from '../sms-token.js';
import { getLaafficHealthToken, LaafficHealthIndicator } from './laaffic-health.indicator.js';
import {
  ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  LAAFFIC_HEALTH_OPTIONS,
  OPTIONS_TYPE,
  type LaafficHealthModuleExtras,
} from './laaffic-health.module-definition.js';
import { LaafficHealthSettings } from './laaffic-health.options.js';

/**
 * Provides a Terminus indicator for an account of `LaafficModule`, wherever the app registers the account. Options are
 * checked at boot.
 * @example
 * imports: [LaafficModule.forRoot(account), TerminusModule, LaafficHealthModule.forRoot({ minBalance: '25' })]
 */
@Module({
  providers: optionsScopeCheck(LAAFFIC_HEALTH_OPTIONS),
})
export class LaafficHealthModule extends ConfigurableModuleClass {
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return withIndicator(super.forRoot(options), options);
  }

  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return withIndicator(super.forRootAsync(options), options);
  }
}

function withIndicator(
  definition: DynamicModule,
  { account, isGlobal = false }: LaafficHealthModuleExtras,
): DynamicModule {
  const token = getLaafficHealthToken(account);
  const indicator: Provider = {
    provide: token,
    useFactory: (modules: ModuleRef, settings: LaafficHealthSettings) =>
      new LaafficHealthIndicator(() => modules.get(getSmsToken(account), { strict: false }), settings),
    inject: [ModuleRef, LaafficHealthSettings],
  };
  const settings: Provider = {
    provide: LaafficHealthSettings,
    useFactory: (options: unknown) => new LaafficHealthSettings(options, account),
    inject: [LAAFFIC_HEALTH_OPTIONS],
  };
  return {
    ...definition,
    global: isGlobal,
    providers: [...(definition.providers ?? []), settings, indicator],
    exports: [token],
  };
}
