import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { MeterProvider } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import type { OutboxStore } from '../store/outbox-store.js';
import { StatsReader, type OutboxStats } from '../messages/stats.js';
import { OutboxInstruments } from './outbox-instruments.js';
import type { OutboxTelemetrySettings } from './outbox-telemetry.options.js';

/** The package, which is imported when an app starts with `OutboxTelemetryModule`: it is optional. */
type OpenTelemetry = typeof import('@opentelemetry/api');

const SCOPE = 'nestjs-laaffic-outbox';

/** Records metrics of an outbox, from boot until the worker has drained. */
export class OutboxRecorder implements OnModuleInit, OnApplicationShutdown {
  #subscription: Subscription | undefined;
  #provider: MeterProvider | undefined;
  #instruments: OutboxInstruments | undefined;

  /** @param store finds the outbox when the app's modules are ready. */
  constructor(
    private readonly store: () => OutboxStore,
    private readonly account: string | undefined,
    private readonly settings: OutboxTelemetrySettings,
    private readonly api: OpenTelemetry,
  ) {}

  onModuleInit(): void {
    const store = this.store();
    const reader = new StatsReader(store.account, store.database, store.seals);
    this.#instrumentsFor(reader);
    this.#subscription = store.activity.subscribe((activity) => {
      // If rxjs caught it, an error of the telemetry would end the process.
      try {
        this.#instrumentsFor(reader).record(activity);
      } catch (error) {
        this.api.diag.error('nestjs-laaffic-outbox could not record an activity', error);
      }
    });
  }

  onApplicationShutdown(): void {
    this.#subscription?.unsubscribe();
    this.#instruments?.close();
  }

  /** Instruments of a global provider that was registered too late stay inactive, so each provider gets its own. */
  #instrumentsFor(reader: StatsReader): OutboxInstruments {
    const provider = this.settings.meterProvider ?? this.api.metrics.getMeterProvider();
    if (this.#instruments === undefined || provider !== this.#provider) {
      this.#instruments?.close();
      this.#instruments = new OutboxInstruments(provider.getMeter(SCOPE), this.account, () => this.#read(reader));
      this.#provider = provider;
    }
    return this.#instruments;
  }

  async #read(reader: StatsReader): Promise<OutboxStats | undefined> {
    try {
      return await reader.read();
    } catch (error) {
      this.api.diag.error('nestjs-laaffic-outbox could not read the stats of the outbox', error);
      return undefined;
    }
  }
}
