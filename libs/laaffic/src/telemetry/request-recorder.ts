import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Attributes, MeterProvider, Span } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import type { QueryEndedEvent, RequestStartedEvent, SendEndedEvent } from '../gateway/traffic/request-events.js';
import type { SmsService } from '../sms.service.js';
import { Instruments } from './instruments.js';
import type { LaafficTelemetrySettings } from './laaffic-telemetry.options.js';
import { requestLabels, SCOPE } from './labels.js';
import { endSpan, startSpan, type OpenTelemetry } from './request-span.js';

interface OpenRequest {
  readonly span: Span;
  readonly instruments: Instruments;
  readonly labels: Attributes;
}

/** Records spans and metrics of an account's requests, from boot until the last request has ended after shutdown. */
export class RequestRecorder implements OnModuleInit, OnApplicationShutdown {
  readonly #open = new Map<RequestStartedEvent, OpenRequest>();
  #subscription: Subscription | undefined;
  #isShuttingDown = false;
  #provider: MeterProvider | undefined;
  #instruments: Instruments | undefined;

  /**
   * @param account finds the account; called when the app's modules are ready.
   * @param name the name of the account.
   */
  constructor(
    private readonly account: () => Pick<SmsService, 'requestEvents' | 'clockOffsetMs'>,
    private readonly name: string | undefined,
    private readonly settings: LaafficTelemetrySettings,
    private readonly api: OpenTelemetry,
  ) {}

  onModuleInit(): void {
    const sms = this.account();
    this.#instrumentsFor(sms);
    this.#subscription = sms.requestEvents.subscribe((event) => {
      // rxjs would turn an error into an uncaught exception and end the process.
      try {
        if (event.type === 'started') this.#start(event, this.#instrumentsFor(sms));
        else this.#end(event);
      } catch (error) {
        this.api.diag.error('nestjs-laaffic could not record a request', error);
      }
      this.#unsubscribeWhenDone();
    });
  }

  /** Requests in flight may end after this. */
  onApplicationShutdown(): void {
    this.#isShuttingDown = true;
    this.#unsubscribeWhenDone();
  }

  #start(event: RequestStartedEvent, instruments: Instruments): void {
    const labels = requestLabels(event, this.name);
    const provider = this.settings.tracerProvider ?? this.api.trace.getTracerProvider();
    const span = startSpan(provider.getTracer(SCOPE), event, labels, this.api);
    this.#open.set(event, { span, instruments, labels });
    instruments.started(labels);
  }

  #end(event: SendEndedEvent | QueryEndedEvent): void {
    const open = this.#open.get(event.request);
    if (open === undefined) return;
    this.#open.delete(event.request);
    open.instruments.ended(event, open.labels);
    endSpan(open.span, event, this.api);
  }

  /** Instruments created before the global provider was registered never record, so each provider gets its own. */
  #instrumentsFor(sms: Pick<SmsService, 'clockOffsetMs'>): Instruments {
    const provider = this.settings.meterProvider ?? this.api.metrics.getMeterProvider();
    if (this.#instruments === undefined || provider !== this.#provider) {
      this.#instruments?.close();
      this.#instruments = new Instruments(provider.getMeter(SCOPE), this.name, () => sms.clockOffsetMs);
      this.#provider = provider;
    }
    return this.#instruments;
  }

  #unsubscribeWhenDone(): void {
    if (!this.#isShuttingDown || this.#open.size > 0) return;
    this.#subscription?.unsubscribe();
    this.#instruments?.close();
  }
}
