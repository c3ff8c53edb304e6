import type { Pool } from 'pg';
import { invalidCommand, type Issue } from 'nestjs-laaffic';
import { readDatabaseFailure } from './errors/database-failure.js';
import { OutboxError } from './errors/outbox.error.js';
import { checkDate } from './messages/command-checks.js';
import { hasRecentWorker, holdUnknown, markRestored, skipRestoredIds } from './sql/generated.js';
import type { Statement } from './sql/statement.js';
import { isRowId } from './store/order-ids.js';
import { inSchema, valuesOf } from './database/database.js';
import { checkSchema, DEFAULT_SCHEMA } from './database/migrate.js';

/** What is known about a restored backup. */
export interface RestoreOptions {
  /** When the backup started, or the target of a point-in-time recovery. */
  readonly backupAt: Date;
  /**
   * Ids of campaigns that were certainly not started since then, so their recipients may stay pending.
   * @default none
   */
  readonly notStarted?: readonly string[] | undefined;
  /** @default 'laaffic_outbox' */
  readonly schema?: string | undefined;
}

/** What may have been sent after the backup. */
export interface RestoredOutbox {
  /** Number of chunks, each a message or a part of a campaign, that are unknown now. */
  readonly chunks: number;
  /** Number of their recipients. */
  readonly recipients: number;
}

/** Number of chunks in one step. A small number keeps transactions short. */
const STEP = 500;

/**
 * Prepares an outbox that was restored from a backup, of all accounts, before any process starts. In the backup,
 * messages are pending that were sent afterwards, so the outbox would send them again. All that were due become unknown:
 * a worker looks them up in the gateway's records, and what has no record after the grace period is held, whatever
 * `onUnconfirmed` says. Ids that the lost messages had are not given to new ones.
 *
 * If it is interrupted, call it again.
 * @param pool connections as the owner of the schema.
 * @throws {LaafficInputException} naming each wrong field; {OutboxError} `OUTBOX_WRONG_STATE` if a process has sent
 * within the last 30 seconds; `OUTBOX_DATABASE_DENIED` without the rights of the owner; `OUTBOX_SCHEMA_MISSING`.
 * @example
 * await markOutboxRestored(pool, { backupAt: new Date('2026-11-30T02:00:00Z') });
 */
export async function markOutboxRestored(pool: Pool, options: RestoreOptions): Promise<RestoredOutbox> {
  const issues = issuesOf(options);
  if (issues.length > 0) throw invalidCommand(issues);
  const { backupAt, notStarted = [], schema = DEFAULT_SCHEMA } = options;
  await checkSchema(pool, schema);
  const run = async <P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> =>
    (await pool.query(inSchema(statement.text, schema), valuesOf(statement, params))).rows as R[];
  const [state] = await run(hasRecentWorker, {});
  if (state?.is_running === true) {
    const message = 'A process of this outbox is running, or ran within the last 30 seconds: stop all processes first';
    throw new OutboxError('OUTBOX_WRONG_STATE', message);
  }
  await run(skipRestoredIds, {}).catch((cause: unknown) => {
    if (readDatabaseFailure(cause).code !== 'OUTBOX_DATABASE_DENIED') throw cause;
    throw new OutboxError('OUTBOX_DATABASE_DENIED', `Run this as the owner of the schema ${schema}`, { cause });
  });
  let [chunks, recipients] = [0, 0];
  for (let isDone = false; !isDone;) {
    const marked = await run(markRestored, { backupAt, except: notStarted, limit: STEP });
    chunks += marked.length;
    recipients += marked.reduce((sum, { recipients: each }) => sum + each, 0);
    isDone = marked.length < STEP;
  }
  await run(holdUnknown, {});
  return { chunks, recipients };
}

function issuesOf({ backupAt, notStarted = [] }: RestoreOptions): Issue[] {
  const isList = Array.isArray(notStarted) && notStarted.every((id: unknown) => typeof id === 'string' && isRowId(id));
  return [
    ...(backupAt instanceof Date
      ? checkDate('backupAt', backupAt)
      : [{ field: 'backupAt', problem: 'must be a Date' }]),
    ...(isList ? [] : [{ field: 'notStarted', problem: 'must be a list of ids of campaigns' }]),
  ];
}
