import { Logger, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool, type QueryResultRow } from 'pg';
import { SOON, startApp } from './app.js';
import { startDatabase, type TestDatabase } from './database.js';
import { withFunctions } from './functions.js';
import { Line } from './line.js';
import { until } from '../until.js';

/** Times that let a message go through all its states within a test. */
export const SHORT = { ...SOON, gracePeriodMs: 150, lookupIntervalMs: false, reportsAfterMs: false } as const;

/** Different numbers that no person has. */
export const numbers = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(918_563_000_000 + first + i));

/** A database and a sandbox of one spec, and the apps on them. */
export class Stage {
  readonly pool: Pool;
  readonly #apps = new Set<INestApplicationContext>();
  readonly #lines: Line[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly sandbox: LaafficSandbox,
  ) {
    this.pool = new Pool({ connectionString: database.url, max: 4 });
    // The database is dropped under its connections.
    this.pool.on('error', () => undefined);
  }

  static async set(): Promise<Stage> {
    return new Stage(await startDatabase(), await LaafficSandbox.start({ deliveredAfterMs: null }));
  }

  /** Another process, as far as the outbox can tell. */
  async app(options: Partial<LaafficOutboxOptions> = {}, more: ModuleMetadata & { url?: string } = {}) {
    const { url = this.sandbox.url, ...metadata } = more;
    const given = { database: this.database.url, timing: SHORT, worker: { pollIntervalMs: 150 }, ...options };
    const app = await startApp({ url }, given, metadata);
    // Failures in these tests are intended.
    Logger.overrideLogger(false);
    this.#apps.add(app);
    return { app, outbox: app.get(SmsOutbox) };
  }

  /** A proxy to the gateway whose responses a test can hold. It ends when all apps do. */
  async lineToGateway(): Promise<Line> {
    const line = await Line.to(this.sandbox.url);
    this.#lines.push(line);
    return line;
  }

  /** Resets everything but the apps: no message, no fault, a working account. */
  async clear(): Promise<void> {
    // Not truncated: that takes ten times as long and makes every session plan all its statements again. A worker may
    // lock or add a row meanwhile.
    const tables = [
      ...['recipient', 'pending_result', 'invalid_entry', 'caller_order_id', 'event', 'chunk', 'history', 'lane_limit'],
      ...[
        'count_delta',
        'campaign_count',
        'cost_delta',
        'cost',
        'price',
        'rate_grant',
        'idempotency_key',
        'lane_control',
      ],
    ];
    const parts = tables.map((table) => `of_${table} as (delete from ${table})`);
    const inTheWay = (error: Error & { code?: string }) => {
      if (error.code !== '23503') throw error;
      return undefined;
    };
    await until(
      () => this.query(`with ${parts.join()} delete from campaign`).catch(inTheWay),
      (rows) => rows !== undefined,
    );
    await this.query(`update account set paused_at = null, paused_code = null, paused_reason = null, probe_at = null,
      probes = 0, fresh_probe_at = null, fresh_probes = 0, paused_chunk_id = null, rejected_at = null, accepted_at = null, backoff_until = null, backoff_level = 0`);
    this.sandbox.reset();
    this.sandbox.configure({ quirks: { failArray: 'on-failure', partialSuccess: 'status-zero' }, rejectionRules: [] });
  }

  /**
   * Runs a statement in the schema of the outbox. It may lock rows in another order than a worker that runs meanwhile.
   * PostgreSQL then ends one of the two with a deadlock (40P01). If that is this one, it is repeated.
   * @returns the rows.
   */
  async query<R extends QueryResultRow>(text: string, params: unknown[] = [], schema = 'laaffic_outbox'): Promise<R[]> {
    const client = await this.pool.connect();
    try {
      await client.query(`set search_path to "${schema}"`);
      for (let attempt = 1; ; attempt++) {
        try {
          return (await client.query<R>(withFunctions(text), params)).rows;
        } catch (error) {
          if ((error as { code?: string }).code !== '40P01' || attempt === 5) throw error;
        }
      }
    } finally {
      client.release();
    }
  }

  /** The history of a message, chunk by chunk, each in order: `'sending'`, `'rejected LAAFFIC_…'`. */
  async events(id: string): Promise<string[]> {
    const rows = await this.query<{ event: string }>(
      `select 'pending' as event from chunk where id = $1 and created_by is not null
        union all select event from (select concat_ws(' ', event, detail) as event from history
        where chunk_id in (select id from chunk where id = $1 or root_id = $1) order by chunk_id, id) entries`,
      [id],
    );
    return rows.map(({ event }) => event);
  }

  async account(): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.query(`select paused_code as code, paused_reason as reason, probes,
      paused_at is not null as paused, backoff_until > clock_timestamp() as slow from account
      where id = '4luaKsL2'`);
    return row;
  }

  /**
   * Makes pending chunks due, except those that a worker has locked: the worker may wait for another row of the same
   * statement. Change the account in a statement of its own.
   * @param condition an expression of SQL about the chunk.
   */
  async makeDue(condition = 'true'): Promise<void> {
    await this.query(
      `update chunk set due_at = clock_timestamp() where id in (
        select id from chunk where state = 'pending' and ${condition} for update skip locked)`,
    );
  }

  /** Sums over all chunks: their recipients and the outcomes. */
  async sums(): Promise<Record<string, number> | undefined> {
    const [row] = await this.query<Record<string, number>>(
      `select sum(size)::int as n, sum(accepted)::int as accepted, sum(rejected)::int as rejected, sum(unknown + held + abandoned)::int as unknown from chunk`,
    );
    return row;
  }

  /** Closes apps, as the end of their process would; by default all of them. */
  async stop(...apps: INestApplicationContext[]): Promise<void> {
    const ending = apps.length > 0 ? apps : [...this.#apps];
    for (const app of ending) this.#apps.delete(app);
    // What a failed test still holds would keep its app from closing.
    if (apps.length === 0) for (const line of this.#lines) line.release();
    await Promise.all(ending.map((app) => app.close()));
    if (apps.length === 0) await Promise.all(this.#lines.splice(0).map((line) => line.cut()));
  }

  async close(): Promise<void> {
    await this.stop();
    await this.sandbox.close();
    await this.pool.end();
    await this.database.close();
  }
}
