import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import { LaafficModule, SmsService, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';

@Injectable()
export class Protocol {
  readonly lines: string[] = [];

  constructor(sms: SmsService) {
    sms.requestEvents.subscribe((event) => {
      if (event.type === 'started') return;
      const { request, outcome, code = 'ok', durationMs } = event;
      this.lines.push(`${request.endpoint} ${outcome} ${code} ${Math.round(durationMs)} ms`);
    });
  }
}

@Module({ providers: [Protocol] })
export class TelemetryModule {
  static for(account: LaafficOptions): DynamicModule {
    return {
      module: TelemetryModule,
      imports: [LaafficModule.forRoot(account), LaafficTelemetryModule.forRoot()],
    };
  }
}
