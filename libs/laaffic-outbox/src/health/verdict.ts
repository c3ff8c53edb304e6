import type { OutboxStats } from '../messages/stats.js';
import type { OutboxErrorCode } from '../errors/outbox.error.js';
import type { Lane } from '../options/outbox.options.js';
import type { ProbedDatabase } from './database-probe.js';
import { exceeded, type OutboxHealthLimits } from './outbox-health.limits.js';

/** The result of a probe. `data` is safe for a public endpoint. */
export interface Verdict {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string | number>>;
}

/** Above this share of the server's notification queue, the outbox sends no notifications, and workers poll. */
const BUSY_QUEUE = 0.5;

/** What an operator does when the database responds but rejects what sending needs. */
const ADVICE: Partial<Readonly<Record<OutboxErrorCode, string>>> = {
  OUTBOX_DATABASE_READ_ONLY:
    'Connect to the primary server, or make this one accept writes again (default_transaction_read_only).',
  OUTBOX_DATABASE_DENIED:
    'Grant the role the missing rights: docs/operations.md, Roles. The log names the first rejected statement.',
  OUTBOX_SCHEMA_MISSING: 'Run migrateOutbox, or restore the schema.',
  OUTBOX_DATABASE_FULL: 'Give the database server more space.',
};

/** What an operator does about an exceeded limit. */
const LIMIT_ADVICE: Partial<Readonly<Record<keyof OutboxHealthLimits, string>>> = {
  held: 'Decide about the messages on hold.',
  failedEvents: 'Correct the event handlers, then retry the failed events with retryFailedEvents.',
};

/** Turns a probe into a health result. `undefined` means that the database did not respond. */
export function judge(probed: ProbedDatabase | undefined, limits: OutboxHealthLimits): Verdict {
  const { stats, failure, queueUsage = 0 } = probed ?? {};
  if (
    probed === undefined ||
    failure === 'OUTBOX_DATABASE_UNAVAILABLE' ||
    (failure === undefined && stats === undefined)
  ) {
    return down({
      code: 'OUTBOX_HEALTH_DATABASE',
      message: 'The database of the outbox did not respond',
      advice: 'Messages cannot be enqueued or sent until it does. Check the database and the network.',
    });
  }
  const queue = queueUsage > BUSY_QUEUE ? { notificationQueueUsage: queueUsage } : {};
  const facts = stats === undefined ? {} : { ...factsOf(stats), ...queue };
  if (failure !== undefined || stats === undefined) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_REJECTED',
      message: 'The database of the outbox rejects statements that sending needs',
      failure: failure ?? 'OUTBOX_DATABASE_REJECTED',
      advice:
        ADVICE[failure ?? 'OUTBOX_DATABASE_REJECTED'] ??
        'See the log of the database server for the rejected statement.',
    });
  }
  const { paused } = stats;
  const isPausedByPerson = (lane: Lane): boolean => stats.pausedLanes.some((pause) => pause.lane === lane);
  // No probe is sent in a lane that a person has paused, so it is unknown whether it would get responses by now.
  const silentLanes = stats.limitedLanes.filter(
    ({ lane, largestRequest }) => largestRequest === 0 && !isPausedByPerson(lane),
  );
  if (paused !== undefined) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_PAUSED',
      message: 'The SMS account is paused; probes are sent from time to time',
      advice: 'Messages are kept. Fix the cause that pausedCode names, and sending resumes.',
    });
  }
  if (silentLanes.length > 0) {
    return down({
      ...facts,
      code: 'OUTBOX_HEALTH_PAUSED',
      message: `The gateway does not respond to requests of the lane ${silentLanes.map(({ lane }) => lane).join()}; probes are sent from time to time`,
      advice: 'Messages are kept. Check whether the gateway can be reached and responds.',
    });
  }
  // What waits because a person wants it to wait is no fault.
  const [first, ...more] = exceeded(stats, {
    ...limits,
    ...(stats.pausedLanes.length > 0 ? { backlog: undefined, oldestPendingSeconds: undefined } : {}),
    ...(isPausedByPerson('priority') ? { oldestPrioritySeconds: undefined } : {}),
  });
  if (first === undefined) return { isUp: true, data: facts };
  return down({
    ...facts,
    code: 'OUTBOX_HEALTH_LIMIT',
    message: `Above the limit: ${[first, ...more].join(', ')}`,
    advice: LIMIT_ADVICE[first] ?? 'Check whether workers are running, and whether they may send faster.',
  });
}

function factsOf({
  paused,
  limitedLanes,
  pausedLanes,
  laneConcurrency,
  sealKeys,
  ...counts
}: OutboxStats): Verdict['data'] {
  const missing = sealKeys.flatMap(({ keyId, position }) => (position === undefined ? [keyId] : []));
  const concurrency = laneConcurrency.map(({ lane, slots }) => [`${lane}Concurrency`, slots] as const);
  return {
    ...counts,
    ...Object.fromEntries(concurrency),
    ...(pausedLanes.length === 0 ? {} : { pausedLanes: pausedLanes.map(({ lane }) => lane).join() }),
    ...(limitedLanes.length === 0 ? {} : { limitedLanes: limitedLanes.map(({ lane }) => lane).join() }),
    ...(missing.length === 0 ? {} : { missingSealKeys: missing.join() }),
    ...(paused === undefined
      ? { account: 'works' }
      : { account: 'paused', pausedCode: paused.code, pausedSince: paused.since.toISOString() }),
  };
}

function down(data: Verdict['data']): Verdict {
  return { isUp: false, data };
}
