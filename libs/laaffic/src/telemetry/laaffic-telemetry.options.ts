import type { MeterProvider, TracerProvider } from '@opentelemetry/api';
import { LaafficOptionsError } from '../options/laaffic-options.error.js';
import { OptionsCheck } from '../options/options-check.js';

/** Where spans and metrics go. */
export interface LaafficTelemetryOptions {
  /** @default the global one, whenever it is registered */
  tracerProvider?: TracerProvider | undefined;
  /** @default the global one, whenever it is registered */
  meterProvider?: MeterProvider | undefined;
}

/** The options checked. */
export class LaafficTelemetrySettings {
  readonly tracerProvider: TracerProvider | undefined;
  readonly meterProvider: MeterProvider | undefined;

  /** @throws {LaafficOptionsError} naming each field that is unknown or no provider. */
  constructor(options: unknown) {
    const check = new OptionsCheck(options, 'telemetry.');
    this.tracerProvider = readProvider<TracerProvider>(check, 'tracerProvider', 'getTracer');
    this.meterProvider = readProvider<MeterProvider>(check, 'meterProvider', 'getMeter');
    check.refuseUnknown();
    if (check.problems.length > 0) throw new LaafficOptionsError(check.problems);
    Object.freeze(this);
  }
}

function readProvider<T extends object>(check: OptionsCheck, field: string, method: keyof T & string): T | undefined {
  const value = check.value(field);
  if (value === undefined) return undefined;
  if (typeof (value as Partial<T>)[method] === 'function') return value as T;
  check.problems.push(`telemetry.${field} must have a method ${method}`);
  return undefined;
}
