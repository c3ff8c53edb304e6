import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { OptionsReader } from 'nestjs-laaffic';
import { VerificationOptionsError } from '../errors/verification.error.js';

/** The options of `VerificationTelemetryModule`. */
export interface VerificationTelemetryOptions {
  /**
   * The provider of the meter.
   * @default the global provider, whenever it is registered
   */
  readonly meterProvider?: MeterProvider | undefined;
  /**
   * The provider of the tracer.
   * @default the global provider, whenever it is registered
   */
  readonly tracerProvider?: TracerProvider | undefined;
}

/** The checked options. */
export class VerificationTelemetrySettings {
  readonly meterProvider: MeterProvider | undefined;
  readonly tracerProvider: TracerProvider | undefined;

  /** @throws {VerificationOptionsError} naming each field that is unknown or not a provider. */
  constructor(options: unknown) {
    const reader = new OptionsReader(options, 'telemetry.');
    this.meterProvider = reader.withMethod<MeterProvider>('meterProvider', 'getMeter');
    this.tracerProvider = reader.withMethod<TracerProvider>('tracerProvider', 'getTracer');
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new VerificationOptionsError(reader.problems);
    Object.freeze(this);
  }
}
