import type { BatchObservableCallback, Meter } from '@opentelemetry/api';
import type { OutboxActivity } from '../ledger/activity.js';
import { LARGEST_REQUEST } from '../ledger/claims.js';
import type { OutboxStats } from '../ledger/stats.js';

/** A code takes some milliseconds, and a message to a slow or paused account a day. */
const WAITED_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400];
const ATTEMPTS = [1, 2, 3, 4, 5, 7, 10, 20, 50];
/** After these nothing more is tried. */
const ENDS: ReadonlySet<OutboxActivity['state']> = new Set(['settled', 'refused', 'unknown']);

const LANES = ['priority', 'bulk'] as const;

/** The metrics of an outbox. */
export class OutboxInstruments {
  readonly #chunks;
  readonly #recipients;
  readonly #waited;
  readonly #attempts;
  /** Stops observing. */
  readonly close: () => void;

  /** @param stats how much waits, or `undefined` if that cannot be found out; never rejects. */
  constructor(meter: Meter, stats: () => Promise<OutboxStats | undefined>) {
    this.#chunks = meter.createCounter('laaffic.outbox.chunks', {
      description: 'Messages, or parts of one or of a campaign, by the state that they were moved to',
      unit: '{chunk}',
    });
    this.#recipients = meter.createCounter('laaffic.outbox.recipients', {
      description: 'Recipients by what became of them; those that were unknown may be counted again when more is known',
      unit: '{recipient}',
    });
    this.#waited = meter.createHistogram('laaffic.outbox.wait.duration', {
      description: 'Time from when a message could have been sent until its request began',
      unit: 's',
      advice: { explicitBucketBoundaries: WAITED_SECONDS },
    });
    this.#attempts = meter.createHistogram('laaffic.outbox.attempts', {
      description: 'Requests that it took until a message was answered, or nobody knows',
      unit: '{request}',
      advice: { explicitBucketBoundaries: ATTEMPTS },
    });
    const gauge = (name: string, description: string, unit: string) =>
      meter.createObservableGauge(`laaffic.outbox.${name}`, { description, unit });
    const backlog = gauge('backlog', 'Recipients that could be sent to now', '{recipient}');
    const unknown = gauge('unknown', 'Recipients of whom proof is waited for', '{recipient}');
    const held = gauge('held', "Recipients that wait for a person's decision", '{recipient}');
    const paused = gauge('paused', '1 while the account cannot send, else 0', '1');
    const largest = gauge(
      'request.limit',
      'Recipients that one request of a lane may have; 0 while it is paused',
      '{recipient}',
    );
    const gauges = [backlog, unknown, held, paused, largest];
    const observe: BatchObservableCallback = async (result) => {
      const found = await stats();
      if (found === undefined) return;
      result.observe(backlog, found.backlog);
      result.observe(unknown, found.unknown);
      result.observe(held, found.held);
      result.observe(paused, found.paused === undefined ? 0 : 1);
      for (const lane of LANES) {
        const limit = found.limitedLanes.find((limited) => limited.lane === lane);
        result.observe(largest, limit?.largestRequest ?? LARGEST_REQUEST, { 'laaffic.outbox.lane': lane });
      }
    };
    meter.addBatchObservableCallback(observe, gauges);
    this.close = () => {
      meter.removeBatchObservableCallback(observe, gauges);
    };
  }

  record({ state, lane, recipients, request }: OutboxActivity): void {
    const labels = { 'laaffic.outbox.lane': lane };
    this.#chunks.add(1, { ...labels, 'laaffic.outbox.state': state });
    for (const [fate, count] of Object.entries(recipients)) {
      if (count > 0) this.#recipients.add(count, { ...labels, 'laaffic.outbox.state': fate });
    }
    if (request === undefined) return;
    this.#waited.record(request.waited / 1000, labels);
    if (ENDS.has(state)) this.#attempts.record(request.attempt, labels);
  }
}
