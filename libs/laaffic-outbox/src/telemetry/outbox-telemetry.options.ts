import type { MeterProvider } from '@opentelemetry/api';
import { OptionsReader } from 'nestjs-laaffic';
import { OutboxOptionsError } from '../errors/outbox.error.js';

/** The options of `OutboxTelemetryModule`. */
export interface OutboxTelemetryOptions {
  /**
   * The provider of the meter.
   * @default the global provider, whenever it is registered
   */
  readonly meterProvider?: MeterProvider | undefined;
}

/** The checked options. */
export class OutboxTelemetrySettings {
  readonly meterProvider: MeterProvider | undefined;

  /**
   * @param account the name of the account; `undefined` for the default account.
   * @throws {OutboxOptionsError} naming each field that is unknown or not a provider.
   */
  constructor(options: unknown, account?: string) {
    const reader = new OptionsReader(options, 'telemetry.');
    this.meterProvider = reader.withMethod<MeterProvider>('meterProvider', 'getMeter');
    reader.rejectUnknown();
    if (reader.problems.length > 0) throw new OutboxOptionsError(reader.problems, account);
    Object.freeze(this);
  }
}
