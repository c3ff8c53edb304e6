import type { QueryResultRow } from 'pg';
import { readDatabaseFailure } from '../database-failure.js';
import { lendClient } from '../ledger/lend-client.js';
import type { Ledger } from '../ledger/outbox-ledger.js';
import { StatsReader, type OutboxStats } from '../ledger/stats.js';
import type { OutboxErrorCode } from '../outbox.error.js';

/** What the database said. */
export interface ProbedDatabase {
  /** `undefined` if it cannot be read. */
  readonly stats: OutboxStats | undefined;
  /** Why nothing can be sent, or taken in. */
  readonly failure: OutboxErrorCode | undefined;
  /** How full the server's notification queue is, from 0 to 1. A full one refuses every commit that notifies. */
  readonly queueUsage: number;
}

/** The server gives up a little earlier than the probe: a client that is gone does not end a statement. */
const SERVER_SHARE = 0.8;

/** Asks the database for all that sending needs. It changes nothing, and leaves no row version behind. */
export class DatabaseProbe {
  readonly #stats: StatsReader;
  readonly #writes: string;
  #running: Promise<ProbedDatabase> | undefined;

  constructor(
    private readonly ledger: Ledger,
    /** Milliseconds after which the database counts as silent. */
    private readonly timeout: number,
  ) {
    this.#stats = new StatsReader(ledger);
    this.#writes = writesOf(ledger);
  }

  /**
   * One probe runs at a time: whoever asks while it waits for a slow database waits for the same one.
   * @returns `undefined` if the database does not answer in time.
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
    const timer = setTimeout(giveBack, this.timeout, new Error('The probe is late'));
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
 * Writes of no rows: the server checks as for any other that it is no replica, takes writes, and lets this role do it.
 * A process that sends needs more than one that only takes in.
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
