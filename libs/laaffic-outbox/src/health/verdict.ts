import type { OutboxStats } from '../ledger/stats.js';
import type { OutboxErrorCode } from '../outbox.error.js';
import type { ProbedDatabase } from './database-probe.js';
import { exceeded, type OutboxHealthLimits } from './outbox-health.limits.js';

/** What a probe found; `data` is fit for an endpoint that anybody may read. */
export interface Verdict {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string | number>>;
}

/** Above this share the server's notification queue counts as full; the server itself warns from a half. */
const FULL_QUEUE = 0.95;

/** What an operator does about a database that answers, and refuses what sending needs. */
const ADVICE: Partial<Readonly<Record<OutboxErrorCode, string>>> = {
  OUTBOX_DATABASE_READ_ONLY:
    'Lead the connection to the primary server, or let this one take writes again (default_transaction_read_only).',
  OUTBOX_DATABASE_DENIED: 'Grant the role what it lacks: docs/operations.md, Roles. The log names the first refusal.',
  OUTBOX_SCHEMA_MISSING: 'Run migrateOutbox, or bring the schema back.',
  OUTBOX_DATABASE_FULL: 'Give the database server more room.',
};

/** Judges an outbox; `undefined` is one whose database did not answer. */
export function judge(probed: ProbedDatabase | undefined, limits: OutboxHealthLimits): Verdict {
  const { stats, failure, queueUsage = 0 } = probed ?? {};
  if (probed === undefined || failure === 'OUTBOX_DATABASE' || (failure === undefined && stats === undefined)) {
    return down({
      code: 'OUTBOX_HEALTH_DATABASE',
      message: 'The database of the outbox did not answer',
      advice: 'Messages cannot be enqueued or sent until it does: look after the database and the way to it.',
    });
  }
  const facts = stats === undefined ? {} : factsOf(stats);
  if (failure !== undefined || stats === undefined) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_REFUSED',
      message: 'The database of the outbox refuses what sending needs',
      failure: failure ?? 'OUTBOX_DATABASE_REFUSED',
      advice: ADVICE[failure ?? 'OUTBOX_DATABASE_REFUSED'] ?? 'See in the log of the database server what it refused.',
    });
  }
  if (queueUsage > FULL_QUEUE) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_NOTIFICATIONS',
      message: 'The notification queue of the database server is full',
      advice:
        'Messages cannot be enqueued until it has room: end the session that listens and sits in a transaction ' +
        '(the server log names it).',
      notificationQueueUsage: queueUsage,
    });
  }
  const { paused } = stats;
  const pausedLanes = stats.limitedLanes.filter(({ largestRequest }) => largestRequest === 0);
  if (paused !== undefined) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_PAUSED',
      message: 'The SMS account cannot send; it is tried now and then',
      advice: 'Messages are kept: remove the cause that pausedCode names, and sending goes on.',
    });
  }
  if (pausedLanes.length > 0) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_PAUSED',
      message: `The gateway does not answer requests of the lane ${pausedLanes.map(({ lane }) => lane).join()}; it is tried now and then`,
      advice: 'Messages are kept: see whether the gateway can be reached, and whether it answers.',
    });
  }
  const [first, ...more] = exceeded(stats, limits);
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

function factsOf({ paused, limitedLanes, ...counts }: OutboxStats): Verdict['data'] {
  return {
    ...counts,
    ...(limitedLanes.length === 0 ? {} : { limitedLanes: limitedLanes.map(({ lane }) => lane).join() }),
    ...(paused === undefined
      ? { account: 'works' }
      : { account: 'paused', pausedCode: paused.code, pausedSince: paused.since.toISOString() }),
  };
}

function down(data: Verdict['data']): Verdict {
  return { isUp: false, data };
}
