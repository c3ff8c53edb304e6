import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Attributes, MeterProvider } from '@opentelemetry/api';
import type { Subscription } from 'rxjs';
import type { VerificationActivity } from '../activity/verification-activity.js';
import type { FraudGuard } from '../fraud-guard.js';
import type { SmsVerification } from '../sms-verification.js';
import { ActivityLabels } from './activity-labels.js';
import { VerificationInstruments } from './verification-instruments.js';
import type { VerificationTelemetrySettings } from './verification-telemetry.options.js';

/** The package, which is imported when an app starts with `VerificationTelemetryModule`: it is optional. */
type OpenTelemetry = typeof import('@opentelemetry/api');

const SCOPE = 'nestjs-laaffic-verify';

/** Records metrics and spans of phone verification, from boot until shutdown. */
export class VerificationRecorder implements OnModuleInit, OnApplicationShutdown {
  readonly #labels = new ActivityLabels();
  #subscription: Subscription | undefined;
  #provider: MeterProvider | undefined;
  #instruments: VerificationInstruments | undefined;

  /** @param verification and `guard` find them when the app's modules are ready. */
  constructor(
    private readonly verification: () => Pick<SmsVerification, 'activityEvents'>,
    private readonly guard: () => Pick<FraudGuard, 'alarmEvents'> | undefined,
    private readonly settings: VerificationTelemetrySettings,
    private readonly api: OpenTelemetry,
  ) {}

  onModuleInit(): void {
    this.#subscription = this.verification().activityEvents.subscribe((activity) => {
      // If rxjs caught it, an error of the telemetry would end the process.
      try {
        const labels = this.#labels.of(activity);
        this.#instrumentsNow().record(activity, labels);
        this.#recordSpan(activity, labels);
      } catch (error) {
        this.api.diag.error('nestjs-laaffic-verify could not record an activity', error);
      }
    });
    this.#subscription.add(
      this.guard()?.alarmEvents.subscribe((alarm) => {
        try {
          this.#instrumentsNow().recordAlarm(alarm);
        } catch (error) {
          this.api.diag.error('nestjs-laaffic-verify could not record an alarm', error);
        }
      }),
    );
  }

  onApplicationShutdown(): void {
    this.#subscription?.unsubscribe();
  }

  /** The activity ends in the context of the caller, so its span is a child of the caller's. */
  #recordSpan({ type, result, durationMs }: VerificationActivity, attributes: Attributes): void {
    const { SpanStatusCode, trace } = this.api;
    const provider = this.settings.tracerProvider ?? trace.getTracerProvider();
    const startTime = new Date(Date.now() - durationMs);
    const span = provider.getTracer(SCOPE).startSpan(`verification ${type}`, { startTime, attributes });
    // A rejection is what the rules are for.
    if (result === 'failed') span.setStatus({ code: SpanStatusCode.ERROR, message: String(attributes['error.type']) });
    span.end();
  }

  /** Instruments of a global provider that was registered too late stay inactive, so each provider gets its own. */
  #instrumentsNow(): VerificationInstruments {
    const provider = this.settings.meterProvider ?? this.api.metrics.getMeterProvider();
    if (this.#instruments === undefined || provider !== this.#provider) {
      this.#instruments = new VerificationInstruments(provider.getMeter(SCOPE));
      this.#provider = provider;
    }
    return this.#instruments;
  }
}
