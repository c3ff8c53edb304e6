import type { QueryResultRow } from 'pg';
import { readDatabaseFailure } from '../database-failure.js';
import { lendClient } from '../ledger/lend-client.js';
import type { Ledger } from '../ledger/outbox-ledger.js';
import { StatsReader, type OutboxStats } from '../ledger/stats.js';
import type { OutboxErrorCode } from '../outbox.error.js';

/** The result of a database probe. */
export interface ProbedDatabase {
  /** `undefined` if the stats cannot be read. */
  readonly stats: OutboxStats | undefined;
  /** Why nothing can be sent or enqueued. */
  readonly failure: OutboxErrorCode | undefined;
  /** How full the server's notification queue is, from 0 to 1. When it is full, every commit that notifies fails. */
  readonly queueUsage: number;
}

/** The server cancels the statement a little before the probe gives up: a lost client does not end a statement. */
const SERVER_SHARE = 0.8;

/** Checks that the database does everything that sending needs. Changes nothing and leaves no dead rows behind. */
export class DatabaseProbe {
  readonly #stats: StatsReader;
  readonly #writes: string;
  #running: Promise<ProbedDatabase> | undefined;

  constructor(
    private readonly ledger: Ledger,
    /** How long to wait for the database, in milliseconds. */
    private readonly timeout: number,
  ) {
    this.#stats = new StatsReader(ledger);
    this.#writes = writesOf(ledger);
  }

  /**
   * Runs one probe at a time. A caller that comes while a probe waits for a slow database gets its result.
   * @returns `undefined` if the database does not respond in time.
   */
  async ask(): Promise<ProbedDatabase | undefined> {
    this.#running ??= this.#probe().finally(() => {
      this.#running = undefined;
    });
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, this.timeout, undefined);
    });
    try {
      return await Promise.race([this.#running, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #probe(): Promise<ProbedDatabase> {
    let probed: ProbedDatabase = { stats: undefined, failure: undefined, queueUsage: 0 };
    const { pool } = this.ledger.database;
    const lent = await lendClient(pool).catch((error: unknown) => readDatabaseFailure(error, true));
    if ('code' in lent) return { ...probed, failure: lent.code };
    let isBack = false;
    const giveBack = (broken?: Error) => {
      if (!isBack) lent.giveBack(broken);
      isBack = true;
    };
    const timer = setTimeout(giveBack, this.timeout, new Error('The probe timed out'));
    const query = <R extends QueryResultRow>(text: string, params?: unknown[]) => lent.client.query<R>(text, params);
    try {
      await query('begin');
      await query(`set local statement_timeout = ${Math.ceil(this.timeout * SERVER_SHARE)}`);
      probed = { ...probed, stats: await this.#stats.read({ query }) };
      const { rows } = await query<{ usage: number }>('select pg_notification_queue_usage() as usage');
      probed = { ...probed, queueUsage: rows[0]?.usage ?? 0 };
      await query(this.#writes);
      await query('rollback');
      giveBack();
      return probed;
    } catch (error) {
      const { code, isBroken } = readDatabaseFailure(error);
      if (!isBroken) await query('rollback').catch(() => undefined);
      giveBack(isBroken ? (error as Error) : undefined);
      return { ...probed, failure: code };
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Writes that affect no rows. The server still checks that it is not a replica, accepts writes, and allows them to this
 * role. A process that sends needs more rights than one that only enqueues.
 */
function writesOf({ database, settings }: Ledger): string {
  const s = database.schema;
  const insert = (table: string, columns: string, values: string) =>
    `insert into ${s}.${table} (${columns}) select ${values} where false`;
  const intake = [
    insert('chunk', 'account, lane, n', `'', 'bulk', 0`),
    insert('journal', 'event, by', `'', ''`),
    insert('own_order_ids', 'chunk_id, ids', `0, '{}'`),
  ];
  const worker = [
    `update ${s}.account set id = id where false`,
    `update ${s}.chunk set n = n where false`,
    insert('message', 'chunk_id, idx, state', `0, 0, 'unknown'`),
    insert('answer', 'chunk_id, msg_ids', `0, ''`),
    `delete from ${s}.answer where false`,
  ];
  const all = settings.worker === undefined ? intake : [...intake, ...worker];
  return `with ${all.map((write, index) => `w${index} as (${write})`).join()} select 1`;
}
