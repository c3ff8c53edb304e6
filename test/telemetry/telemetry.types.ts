// Compiled by the type check and never run: each line after a directive must be an error.
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';

export function telemetryTypes(): void {
  // @ts-expect-error a text is not a provider
  LaafficTelemetryModule.forRoot({ tracerProvider: 'console' });
  // @ts-expect-error there is no such option
  LaafficTelemetryModule.forRoot({ metrics: true });
}
