import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsReader } from '../options/options-reader.js';

/** The providers that get the spans and metrics. */
export interface LaafficTelemetryOptions {
  /** @default the global provider, also if it is registered later */
  tracerProvider?: TracerProvider | undefined;
  /** @default the global provider, also if it is registered later */
  meterProvider?: MeterProvider | undefined;
}

/** The checked options, frozen. */
export class LaafficTelemetrySettings {
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;

  /**
   * @param account the name that the account is registered under.
   * @throws {LaafficOptionsError} naming each field that is unknown or not a provider.
   */
  constructor(options: unknown, account?: string) {
    const reader = new OptionsReader(options, 'telemetry.');
    this.tracerProvider = reader.withMethod<TracerProvider>('tracerProvider', 'getTracer');
    this.meterProvider = reader.withMethod<MeterProvider>('meterProvider', 'getMeter');
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new LaafficOptionsError(reader.problems, account);
    Object.freeze(this);
  }
}
