import type { Attributes, Meter } from '@opentelemetry/api';
import type { QueryEndedEvent, SendEndedEvent } from '../gateway/traffic/request-events.js';
import { accountLabel, outcomeLabels } from './labels.js';

/** OpenTelemetry's buckets for HTTP requests, extended to the default time limit of a request. */
const BUCKETS_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15];

/** The metrics of one account. */
export class Instruments {
  readonly #active;
  readonly #requests;
  readonly #recipients;
  readonly #duration;
  /** Stops observing the clock. */
  readonly close: () => void;

  constructor(meter: Meter, account: string | undefined, clockOffsetMs: () => number) {
    this.#active = meter.createUpDownCounter('laaffic.client.active_requests', {
      description: 'Requests to the SMS gateway that are in flight or wait for a connection',
      unit: '{request}',
    });
    this.#requests = meter.createCounter('laaffic.client.requests', {
      description: 'Requests to the SMS gateway by outcome, retries included',
      unit: '{request}',
    });
    this.#recipients = meter.createCounter('laaffic.client.recipients', {
      description: 'Recipients by outcome, without those of requests that were retried',
      unit: '{recipient}',
    });
    this.#duration = meter.createHistogram('laaffic.client.request.duration', {
      description: 'Duration of requests to the SMS gateway',
      unit: 's',
      advice: { explicitBucketBoundaries: BUCKETS_SECONDS },
    });
    const offset = meter.createObservableGauge('laaffic.client.clock.offset', {
      description: "How far the SMS gateway's clock was ahead of this machine's at the last measurement",
      unit: 's',
    });
    const observe: Parameters<typeof offset.addCallback>[0] = (result) => {
      result.observe(clockOffsetMs() / 1000, accountLabel(account));
    };
    offset.addCallback(observe);
    this.close = () => {
      offset.removeCallback(observe);
    };
  }

  started(labels: Attributes): void {
    this.#active.add(1, labels);
  }

  ended(event: SendEndedEvent | QueryEndedEvent, labels: Attributes): void {
    const outcome = { ...labels, ...outcomeLabels(event.outcome, event.code) };
    this.#active.add(-1, labels);
    this.#requests.add(1, outcome);
    this.#duration.record(event.durationMs / 1000, outcome);
    if (!('failures' in event) || event.willRetry) return;
    if (event.accepted > 0) this.#recipients.add(event.accepted, { ...labels, ...outcomeLabels('accepted') });
    for (const { outcome: ofRecipients, code, recipients } of event.failures) {
      this.#recipients.add(recipients, { ...labels, ...outcomeLabels(ofRecipients, code) });
    }
  }
}
