import { setTimeout as pause } from 'node:timers/promises';
import { Logger, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool, type QueryResultRow } from 'pg';
import { startApp } from './app.js';
import { startDatabase, type TestDatabase } from './database.js';
import { Line } from './line.js';

/** Times that let a whole course of a message pass within a test. */
export const SHORT = {
  startWithin: 2_500,
  timeout: 2_500,
  lease: 5_200,
  grace: 150,
  lookup: false,
  reportsAfter: false,
} as const;

/** Numbers that are nobody's, all different. */
export const numbers = (count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, i) => String(918_563_000_000 + first + i));

/** A database and a sandbox of a spec's own, and the apps on them. */
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
    return new Stage(await startDatabase(), await LaafficSandbox.start({ deliveredAfter: null }));
  }

  /** Another process, as far as the outbox can tell. */
  async app(options: Partial<LaafficOutboxOptions> = {}, more: ModuleMetadata & { url?: string } = {}) {
    const { url = this.sandbox.url, ...metadata } = more;
    const given = { database: this.database.url, timing: SHORT, worker: { poll: 50 }, ...options };
    const app = await startApp({ url }, given, metadata);
    // What goes wrong here is meant to.
    Logger.overrideLogger(false);
    this.#apps.add(app);
    return { app, outbox: app.get(SmsOutbox) };
  }

  /** A line to the gateway, whose answers a test can hold; it ends when all apps do. */
  async lineToGateway(): Promise<Line> {
    const line = await Line.to(this.sandbox.url);
    this.#lines.push(line);
    return line;
  }

  /** Forgets everything but the apps: no message, no fault, an account that works. */
  async clear(): Promise<void> {
    // Not truncated: that takes ten times as long, and makes every session plan all its statements anew. A worker may
    // hold a row meanwhile, or add one.
    const tables = ['message', 'answer', 'invalid_entry', 'own_order_ids', 'event', 'chunk', 'journal', 'lane_limit'];
    const parts = tables.map((table) => `of_${table} as (delete from ${table})`);
    const inTheWay = (error: Error & { code?: string }) => {
      if (!['40P01', '23503'].includes(error.code ?? '')) throw error;
      return undefined;
    };
    await until(
      () => this.query(`with ${parts.join()} delete from campaign`).catch(inTheWay),
      (rows) => rows !== undefined,
    );
    await this.query(`update account set paused_at = null, paused_code = null, paused_reason = null, probe_at = null,
      probes = 0, fresh_probe_at = null, fresh_probes = 0, paused_chunk = null, blamed_at = null, worked_at = null, slow_until = null, slow_steps = 0, recipients_left = null, requests_left = null`);
    this.sandbox.reset();
    this.sandbox.configure({ quirks: { failArray: 'on-failure', partialSuccess: 'status-zero' }, rules: [] });
  }

  /** @returns the rows that a statement gives in the schema of the ledger. */
  async query<R extends QueryResultRow>(text: string, params: unknown[] = [], schema = 'laaffic_outbox'): Promise<R[]> {
    const client = await this.pool.connect();
    try {
      await client.query(`set search_path to "${schema}"`);
      return (await client.query<R>(text, params)).rows;
    } finally {
      client.release();
    }
  }

  /** What happened to a message, to one of its parts after the other, each in order: `'sending'`, `'refused LAAFFIC_…'`. */
  async events(id: string): Promise<string[]> {
    const rows = await this.query<{ event: string }>(
      `select concat_ws(' ', event, detail) as event from journal
        where chunk_id in (select id from chunk where id = $1 or root = $1) order by chunk_id, id`,
      [id],
    );
    return rows.map(({ event }) => event);
  }

  async account(): Promise<Record<string, unknown> | undefined> {
    const [row] = await this.query(`select paused_code as code, paused_reason as reason, probes,
      paused_at is not null as paused, slow_until > clock_timestamp() as slow from account
      where id = '4luaKsL2'`);
    return row;
  }

  /** Over all chunks: whom they have, and what became of them. */
  async sums(): Promise<Record<string, number> | undefined> {
    const [row] = await this.query<Record<string, number>>(
      `select sum(n)::int as n, sum(accepted)::int as accepted, sum(rejected)::int as rejected, sum(unknown)::int as unknown from chunk`,
    );
    return row;
  }

  /** Ends apps, as their process would; all without one. */
  async stop(...apps: INestApplicationContext[]): Promise<void> {
    const ending = apps.length > 0 ? apps : [...this.#apps];
    for (const app of ending) this.#apps.delete(app);
    // What a test that failed has held would keep its app.
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

/**
 * Looks again and again until it is so.
 * @throws if that takes longer; what was seen last is in the message.
 */
export async function until<T>(look: () => Promise<T> | T, isSo: (seen: T) => boolean, within = 60_000): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > deadline) throw new Error(`still not so: ${JSON.stringify(seen)}`);
    await pause(10);
  }
}
