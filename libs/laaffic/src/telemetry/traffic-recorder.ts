import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import { diag, metrics, trace, type Attributes, type MeterProvider, type Span } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import type { GatewayQueryEnded, GatewayRequestStarted, GatewaySendEnded } from '../gateway/traffic.events.js';
import type { SmsService } from '../sms.service.js';
import { Instruments } from './instruments.js';
import type { LaafficTelemetrySettings } from './laaffic-telemetry.options.js';
import { requestLabels, SCOPE } from './labels.js';
import { endSpan, startSpan } from './request-span.js';

interface OpenRequest {
  readonly span: Span;
  readonly instruments: Instruments;
  readonly labels: Attributes;
}

/** Makes spans and metrics of an account's traffic, from boot until the last request after shutdown has ended. */
export class TrafficRecorder implements OnModuleInit, OnApplicationShutdown {
  readonly #open = new Map<GatewayRequestStarted, OpenRequest>();
  #subscription: Subscription | undefined;
  #isShuttingDown = false;
  #provider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  /**
   * @param account finds the account when the app's modules are ready.
   * @param name of the account.
   */
  constructor(
    private readonly account: () => Pick<SmsService, 'traffic' | 'clockOffset'>,
    private readonly name: string | undefined,
    private readonly settings: LaafficTelemetrySettings,
  ) {}

  onModuleInit(): void {
    const sms = this.account();
    this.#instrumentsFor(sms);
    this.#subscription = sms.traffic.subscribe((event) => {
      // Thrown to rxjs, a fault of the telemetry would end the process.
      try {
        if (event.type === 'started') this.#start(event, this.#instrumentsFor(sms));
        else this.#end(event);
      } catch (error) {
        diag.error('nestjs-laaffic could not record a request', error);
      }
      this.#leaveWhenDone();
    });
  }

  /** The transport lets requests in flight end, perhaps after this. */
  onApplicationShutdown(): void {
    this.#isShuttingDown = true;
    this.#leaveWhenDone();
  }

  #start(event: GatewayRequestStarted, instruments: Instruments): void {
    const labels = requestLabels(event, this.name);
    const provider = this.settings.tracerProvider ?? trace.getTracerProvider();
    const span = startSpan(provider.getTracer(SCOPE), event, labels);
    this.#open.set(event, { span, instruments, labels });
    instruments.started(labels);
  }

  #end(event: GatewaySendEnded | GatewayQueryEnded): void {
    const open = this.#open.get(event.request);
    if (open === undefined) return;
    this.#open.delete(event.request);
    open.instruments.ended(event, open.labels);
    endSpan(open.span, event);
  }

  /** The instruments of a global provider that was not there yet do nothing for ever, so another provider gets others. */
  #instrumentsFor(sms: Pick<SmsService, 'clockOffset'>): Instruments {
    const provider = this.settings.meterProvider ?? metrics.getMeterProvider();
    if (this.#instruments === undefined || provider !== this.#provider) {
      this.#instruments?.close();
      this.#instruments = new Instruments(provider.getMeter(SCOPE), this.name, () => sms.clockOffset);
      this.#provider = provider;
    }
    return this.#instruments;
  }

  #leaveWhenDone(): void {
    if (!this.#isShuttingDown || this.#open.size > 0) return;
    this.#subscription?.unsubscribe();
    this.#instruments?.close();
  }
}
