import type { MeterProvider } from '@opentelemetry/api';
import { OutboxOptionsError } from '../options/outbox-options.error.js';

/** Where metrics go. */
export interface OutboxTelemetryOptions {
  /** @default the global one, whenever it is registered */
  readonly meterProvider?: MeterProvider | undefined;
}

/** The options checked. */
export class OutboxTelemetrySettings {
  readonly meterProvider: MeterProvider | undefined;

  /** @throws {OutboxOptionsError} naming each field that is unknown or no provider. */
  constructor(options: unknown) {
    const fields = (typeof options === 'object' && options !== null ? options : {}) as Record<string, unknown>;
    const problems = typeof options === 'object' && options !== null ? [] : ['telemetry must be an object'];
    const provider = fields['meterProvider'] as Partial<MeterProvider> | null | undefined;
    if (provider != null && typeof provider.getMeter !== 'function') {
      problems.push('telemetry.meterProvider must have a method getMeter');
    }
    for (const field of Object.keys(fields)) {
      if (field !== 'meterProvider') problems.push(`telemetry.${field} is no option; known is meterProvider`);
    }
    if (problems.length > 0) throw new OutboxOptionsError(problems);
    this.meterProvider = (provider as MeterProvider | null | undefined) ?? undefined;
    Object.freeze(this);
  }
}
