import type { OutboxStanding } from '../ledger/standing.js';
import { exceeded, type OutboxHealthLimits } from './outbox-health.limits.js';

/** What a probe found; `data` is fit for an endpoint that anybody may read. */
export interface Verdict {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string | number>>;
}

/** Judges an outbox; `undefined` is one whose database did not answer. */
export function judge(standing: OutboxStanding | undefined, limits: OutboxHealthLimits): Verdict {
  if (standing === undefined) {
    return down({
      code: 'OUTBOX_HEALTH_DATABASE',
      message: 'The database of the outbox did not answer',
      advice: 'Messages cannot be enqueued or sent until it does: look after the database and the way to it.',
    });
  }
  const { paused, ...counts } = standing;
  const facts = {
    ...counts,
    ...(paused === undefined
      ? { account: 'works' }
      : { account: 'paused', pausedCode: paused.code, pausedSince: paused.since.toISOString() }),
  };
  if (paused !== undefined) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_PAUSED',
      message: 'The SMS account cannot send; it is tried now and then',
      advice: 'Messages are kept: remove the cause that pausedCode names, and sending goes on.',
    });
  }
  const [first, ...more] = exceeded(standing, limits);
  if (first === undefined) return { isUp: true, data: facts };
  return down({
    ...facts,
    code: 'OUTBOX_HEALTH_LIMIT',
    message: `Above the limit: ${[first, ...more].join(', ')}`,
    advice:
      first === 'held'
        ? 'Decide about the held messages.'
        : 'See whether workers are running, and whether they may send faster.',
  });
}

function down(data: Verdict['data']): Verdict {
  return { isUp: false, data };
}
