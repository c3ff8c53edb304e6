import { Injectable, Module } from '@nestjs/common';
import { InjectSms, LaafficModule, SmsService, type LaafficOptions } from 'nestjs-laaffic';

/** The settings of an app, wherever they come from. */
@Injectable()
export class Settings {
  laaffic: LaafficOptions = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };
}

@Module({ providers: [Settings], exports: [Settings] })
export class SettingsModule {}

export function withFactory() {
  return LaafficModule.forRootAsync({
    imports: [SettingsModule],
    inject: [Settings],
    useFactory: (settings: Settings) => settings.laaffic,
    isGlobal: true,
  });
}

export function withValues({ appId, apiKey, apiSecret }: LaafficOptions) {
  return LaafficModule.forRoot({ appId, apiKey, apiSecret });
}

export function named(marketing: LaafficOptions) {
  return LaafficModule.forRootAsync({ account: 'marketing', useFactory: () => marketing });
}

@Injectable()
export class Notifications {
  constructor(
    readonly otp: SmsService,
    @InjectSms('marketing') readonly campaigns: SmsService,
  ) {}
}
