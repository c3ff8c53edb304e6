import { readDatabaseFailure } from '../errors/database-failure.js';
import { takeClient, valuesOf, type Database } from '../database/database.js';
import { StatsReader, type OutboxStats } from '../messages/stats.js';
import type { OutboxErrorCode } from '../errors/outbox.error.js';
import { notificationQueueUsage, probeEnqueuing, probeSending } from '../sql/generated.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** The result of a database probe. */
export interface ProbedDatabase {
  /** `undefined` if the stats cannot be read. */
  readonly stats: OutboxStats | undefined;
  /** Why nothing can be sent or enqueued. */
  readonly failure: OutboxErrorCode | undefined;
  /** How full the server's notification queue is, from 0 to 1. */
  readonly queueUsage: number;
}

/** The server cancels the statement a little before the probe gives up: a lost client does not end a statement. */
const SERVER_SHARE = 0.8;

/** Checks that the database does everything that sending needs. Changes nothing and leaves no dead rows behind. */
export class DatabaseProbe {
  #running: Promise<ProbedDatabase> | undefined;

  constructor(
    private readonly store: OutboxStore,
    /** How long to wait for the database, in milliseconds. */
    private readonly timeout: number,
  ) {}

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
    const { account, database, settings, seals } = this.store;
    const taken = await takeClient(database.pool).catch((error: unknown) => readDatabaseFailure(error, true));
    if ('code' in taken) return { ...probed, failure: taken.code };
    let isBack = false;
    const release = (broken?: Error) => {
      if (!isBack) taken.release(broken);
      isBack = true;
    };
    const timer = setTimeout(release, this.timeout, new Error('The probe timed out'));
    const query = (text: string, params: unknown[] = []) => taken.client.query(text, params);
    const run: Database['run'] = async (statement, params) =>
      (await query(database.textOf(statement), valuesOf(statement, params))).rows as never;
    try {
      await query('begin');
      await query(`set local statement_timeout = ${Math.ceil(this.timeout * SERVER_SHARE)}`);
      probed = { ...probed, stats: await new StatsReader(account, { run }, seals).read() };
      const [queue] = await run(notificationQueueUsage, {});
      probed = { ...probed, queueUsage: queue?.usage ?? 0 };
      await run(probeEnqueuing, {});
      if (settings.worker !== undefined) await run(probeSending, {});
      await query('rollback');
      release();
      return probed;
    } catch (error) {
      const { code, isBroken } = readDatabaseFailure(error);
      if (!isBroken) await query('rollback').catch(() => undefined);
      release(isBroken ? (error as Error) : undefined);
      return { ...probed, failure: code };
    } finally {
      clearTimeout(timer);
    }
  }
}
