import type { Attributes, Meter } from '@opentelemetry/api';
import type { GuardAlarm } from '../guard/guard-alarm.js';
import type { VerificationActivity } from '../activity/verification-activity.js';

/** A call takes some milliseconds. It may wait for other calls about the same number. */
const DURATION_SECONDS = [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** The metrics of phone verification. */
export class VerificationInstruments {
  readonly #calls;
  readonly #shadowed;
  readonly #alarms;
  readonly #duration;

  constructor(meter: Meter) {
    const counter = (name: string, description: string, unit: string) =>
      meter.createCounter(`laaffic.verification.${name}`, { description, unit });
    this.#calls = {
      start: counter('starts', 'Starts of verifications by result', '{start}'),
      resend: counter('resends', 'Requests for another message by result', '{resend}'),
      check: counter('checks', 'Checks of codes by result', '{check}'),
    };
    this.#shadowed = counter('shadow.rejections', 'Starts that a rule in shadow would have rejected', '{start}');
    this.#alarms = counter('alarms', 'Alarms of the guard that were raised', '{alarm}');
    this.#duration = meter.createHistogram('laaffic.verification.call.duration', {
      description: 'Duration of a start, a resend or a check',
      unit: 's',
      advice: { explicitBucketBoundaries: DURATION_SECONDS },
    });
  }

  recordAlarm({ type }: GuardAlarm): void {
    this.#alarms.add(1, { 'laaffic.verification.alarm': type });
  }

  record({ type, result, country, shadowRules, durationMs }: VerificationActivity, labels: Attributes): void {
    this.#calls[type].add(1, labels);
    for (const rule of shadowRules) {
      const where = country === undefined ? {} : { 'laaffic.verification.country': country };
      this.#shadowed.add(1, { 'laaffic.verification.rule': rule, ...where });
    }
    this.#duration.record(durationMs / 1_000, {
      ...{ 'laaffic.verification.call': type, 'laaffic.verification.result': result },
    });
  }
}
