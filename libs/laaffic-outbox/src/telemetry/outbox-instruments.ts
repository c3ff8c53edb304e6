import type { Attributes, BatchObservableCallback, Meter } from '@opentelemetry/api';
import { LANES } from '../options/outbox.options.js';
import type { OutboxActivity } from '../store/activity.js';
import { LARGEST_REQUEST } from '../store/request-limits.js';
import type { OutboxStats } from '../messages/stats.js';

/** A one-time password waits some milliseconds. A message of a slow or paused account may wait a day. */
const WAITED_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const ATTEMPTS = [1, 2, 3, 4, 5, 7, 10, 20, 50];
/** States after which the message is not sent again. */
const ENDS: ReadonlySet<OutboxActivity['state']> = new Set(['completed', 'rejected', 'unknown']);

/** The metrics of an outbox. */
export class OutboxInstruments {
  readonly #chunks;
  readonly #recipients;
  readonly #waited;
  readonly #attempts;
  /** Stops observing. */
  readonly close: () => void;

  readonly #labels: Attributes;

  /**
   * @param account the name of the account, if it has one.
   * @param stats reads how much waits; `undefined` if that fails. Never rejects.
   */
  constructor(meter: Meter, account: string | undefined, stats: () => Promise<OutboxStats | undefined>) {
    this.#labels = account === undefined ? {} : { 'laaffic.account': account };
    this.#chunks = meter.createCounter('laaffic.outbox.chunks', {
      description: 'Chunks (messages, or parts of a message or campaign) by new state',
      unit: '{chunk}',
    });
    this.#recipients = meter.createCounter('laaffic.outbox.recipients', {
      description: 'Recipients by new state. Unknown recipients may be counted again when their outcome is known',
      unit: '{recipient}',
    });
    this.#waited = meter.createHistogram('laaffic.outbox.wait.duration', {
      description: 'Time from when a message was due until its request started',
      unit: 's',
      advice: { explicitBucketBoundaries: WAITED_SECONDS },
    });
    this.#attempts = meter.createHistogram('laaffic.outbox.attempts', {
      description: 'Requests until a message got a response or became unknown',
      unit: '{request}',
      advice: { explicitBucketBoundaries: ATTEMPTS },
    });
    const gauge = (name: string, description: string, unit: string) =>
      meter.createObservableGauge(`laaffic.outbox.${name}`, { description, unit });
    const backlog = gauge('backlog', 'Recipients that could be sent to now', '{recipient}');
    const unknown = gauge('unknown', 'Recipients whose outcome is unknown, waiting for evidence', '{recipient}');
    const held = gauge('held', 'Recipients on hold that need a manual decision', '{recipient}');
    const failedEvents = gauge('failed_events', 'Events that a handler failed to handle too often', '{event}');
    const paused = gauge('paused', '1 while the account is paused, otherwise 0', '1');
    const largest = gauge(
      'request.limit',
      'Maximum number of recipients in one request of a lane; 0 while it is paused',
      '{recipient}',
    );
    const pausedLane = gauge('lane.paused', '1 while a person has paused the lane, otherwise 0', '1');
    const gauges = [backlog, unknown, held, failedEvents, paused, largest, pausedLane];
    const observe: BatchObservableCallback = async (result) => {
      const found = await stats();
      if (found === undefined) return;
      result.observe(backlog, found.backlog, this.#labels);
      result.observe(unknown, found.unknown, this.#labels);
      result.observe(held, found.held, this.#labels);
      result.observe(failedEvents, found.failedEvents, this.#labels);
      result.observe(paused, found.paused === undefined ? 0 : 1, this.#labels);
      for (const lane of LANES) {
        const limit = found.limitedLanes.find((limited) => limited.lane === lane);
        const labels = { ...this.#labels, 'laaffic.outbox.lane': lane };
        result.observe(largest, limit?.largestRequest ?? LARGEST_REQUEST, labels);
        result.observe(pausedLane, found.pausedLanes.some((pause) => pause.lane === lane) ? 1 : 0, labels);
      }
    };
    meter.addBatchObservableCallback(observe, gauges);
    this.close = () => {
      meter.removeBatchObservableCallback(observe, gauges);
    };
  }

  record({ state, lane, recipients, request }: OutboxActivity): void {
    const labels = { ...this.#labels, 'laaffic.outbox.lane': lane };
    this.#chunks.add(1, { ...labels, 'laaffic.outbox.state': state });
    for (const [fate, count] of Object.entries(recipients)) {
      if (count > 0) this.#recipients.add(count, { ...labels, 'laaffic.outbox.state': fate });
    }
    if (request === undefined) return;
    this.#waited.record(request.waitedMs / 1000, labels);
    if (ENDS.has(state)) this.#attempts.record(request.attempt, labels);
  }
}
