import type { OutboxArguments } from '../arguments/arguments.js';
import { formatCount } from '../output/format.js';
import type { ResultWriter } from '../output/result-writer.js';
import type { OutboxConnection } from '../outbox/outbox-connection.js';
import { LANES, type Lane, type OutboxStats, type SchemaStatus } from '../outbox/outbox-packages.js';

type Row = readonly [name: string, value: string];

/** Prints the version of the schema, what waits, and what is paused. */
export async function outboxStatus(
  { pool, schema, functions, hasAccounts, openAccount }: OutboxConnection,
  { json, account }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const status = await functions.getOutboxSchemaStatus(pool, schema);
  // What waits cannot be read with another version of the schema.
  const canOpen = status.isUsable && (account !== undefined || (await hasAccounts()));
  const opened = canOpen ? await openAccount() : undefined;
  const stats = await opened?.outbox.getStats();
  if (json) {
    const pending = status.pending.map(({ version, name, isBreaking }) => ({ version, name, isBreaking }));
    await results.writeJson({ schema, ...status, pending, account: opened?.account, ...stats });
    return;
  }
  const rows = [
    ...schemaRows(schema, status),
    ...(stats === undefined ? [['account', 'none'] as const] : statsRows(opened?.account ?? '', stats)),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  await results.writeLines(rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`));
}

function schemaRows(schema: string, { version, pending, newer, isUsable }: SchemaStatus): Row[] {
  return [
    ['schema', `${schema}, version ${version}`],
    ['pending', pending.length === 0 ? 'none' : pending.map((each) => `${each.version} ${each.name}`).join(', ')],
    ['newer', newer.length === 0 ? 'none' : newer.join(', ')],
    ...(isUsable ? [] : [['state', 'cannot be used by this release'] as const]),
  ];
}

function statsRows(account: string, stats: OutboxStats): Row[] {
  const { paused, backlog, scheduled, sending, unknown, held, failedEvents } = stats;
  const { oldestPendingSeconds, oldestPrioritySeconds } = stats;
  return [
    ['account', account],
    ['state', paused === undefined ? 'works' : pauseOf(paused)],
    ['backlog', formatCount(backlog)],
    ['oldest', `${formatCount(oldestPendingSeconds)} s, in the priority lane ${formatCount(oldestPrioritySeconds)} s`],
    ['scheduled', formatCount(scheduled)],
    ['sending', formatCount(sending)],
    ['unknown', formatCount(unknown)],
    ['held', formatCount(held)],
    ['events', `${formatCount(failedEvents)} failed`],
    ...LANES.map((lane): Row => [lane, laneState(lane, stats)]),
  ];
}

function pauseOf({ since, code, reason, probesAt }: NonNullable<OutboxStats['paused']>): string {
  return `paused since ${since.toISOString()}, probed at ${probesAt.toISOString()}: ${code} ${reason}`;
}

function laneState(lane: Lane, { pausedLanes, limitedLanes, laneConcurrency }: OutboxStats): string {
  const pause = pausedLanes.find((each) => each.lane === lane);
  const limit = limitedLanes.find((each) => each.lane === lane);
  const concurrency = laneConcurrency.find((each) => each.lane === lane);
  const facts = [
    pause &&
      `paused by ${pause.actor} since ${pause.since.toISOString()}${pause.reason === undefined ? '' : ` (${pause.reason})`}`,
    limit && `at most ${formatCount(limit.largestRequest)} recipients in a request: ${limit.reason}`,
    concurrency && `${formatCount(concurrency.slots)} slots in each worker, set by ${concurrency.actor}`,
  ].filter((fact) => fact !== undefined);
  return facts.length === 0 ? 'works' : facts.join('; ');
}
