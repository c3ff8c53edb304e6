import { Module, type DynamicModule } from '@nestjs/common';
import type { LaafficOptions } from 'nestjs-laaffic';
import { GatewayAccount } from './gateway.account.js';

/** Tells the SMS module which gateway to use. */
@Module({})
export class GatewayModule {
  static forAccount(real: LaafficOptions | undefined): DynamicModule {
    return {
      module: GatewayModule,
      providers: [{ provide: GatewayAccount, useFactory: () => new GatewayAccount(real) }],
      exports: [GatewayAccount],
    };
  }
}
