import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { readDatabaseFailure } from '../database-failure.js';
import { Outages } from '../outages.js';
import { OutboxError } from '../outbox.error.js';
import type { OutboxActivity } from './activity.js';
import { Database } from './database.js';
import { checkSchema, migrateOutbox } from './migrate.js';
import { Notifications } from './notifications.js';
import { namingMissingRights } from './rights.js';
import { Turns } from './turns.js';

/** Longer than any statement takes; migrations may take as long as they need. */
const LONGEST_STATEMENT = 60_000;
const BROKEN = 'A connection broke';
/** How long callers wait for a connection, in milliseconds. */
const LONGEST_WAIT = 30_000;
/** Connections that callers leave free where this process sends: to claim for either lane, to write outcomes, for upkeep. */
const KEPT_BY_A_WORKER = 4;
/** One reads outcomes for all who wait. */
const KEPT_WITHOUT = 1;
/** What node-postgres makes of a pool without `max`. */
const DEFAULT_CONNECTIONS = 10;

/** What works with the ledger: its rows are reached through `database`. */
export type Ledger = Omit<OutboxLedger, keyof OnApplicationBootstrap | keyof OnApplicationShutdown>;

/** One process' way to the ledger of one gateway account. */
export class OutboxLedger implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly notifications: Notifications;
  /** Whose statements may take how many of the pool's connections at once. Those of the worker stand in no line. */
  readonly turns: { readonly callers: Turns; readonly readers: Turns };
  /** What this process moves on; made only for those who watch (`observed`). */
  readonly activity = new Subject<OutboxActivity>();
  /** Who acts, in the journal. */
  readonly by = `${hostname()}.${process.pid}.${randomBytes(3).toString('hex')}`;

  private constructor(
    readonly settings: OutboxSettings,
    readonly database: Database,
    readonly outages: Outages,
    /** The account's application id at the gateway. */
    readonly account: string,
    /** What the order ids of this ledger begin with. */
    readonly prefix: string,
  ) {
    this.notifications = new Notifications(database, outages);
    // A pool of the app's may be any object that works like one.
    const { max = DEFAULT_CONNECTIONS } = (database.pool.options as { readonly max?: number } | undefined) ?? {};
    const callers = Math.max(1, max - (settings.worker === undefined ? KEPT_WITHOUT : KEPT_BY_A_WORKER));
    this.turns = {
      callers: new Turns(callers, LONGEST_WAIT),
      readers: new Turns(Math.max(1, Math.floor(callers / 2)), LONGEST_WAIT),
    };
  }

  /**
   * Brings the schema up to date or checks that it is. Leaves no connection open: if the app does not start, nobody
   * closes it.
   * @throws {OutboxError} if the schema is not of the version that this release needs; `OUTBOX_DATABASE` if the
   * database cannot be reached or used.
   */
  static async open(settings: OutboxSettings, account: string): Promise<OutboxLedger> {
    const outages = new Outages();
    const onError = (error: Error): void => {
      outages.report(BROKEN, error);
    };
    const first = Database.open(settings, onError);
    try {
      if (settings.migrate) await migrateOutbox(first.pool, settings.schema);
      else await checkSchema(first.pool, settings.schema);
      const { rows } = await first.query<{ prefix: string; known: boolean }>(
        `select prefix, exists (select from ${first.schema}.account where id = $1) as known from ${first.schema}.ledger`,
        [account],
      );
      if (rows[0]?.known !== true) {
        await first.query(`insert into ${first.schema}.account (id) values ($1) on conflict do nothing`, [account]);
      }
      const database = Database.open(settings, onError, LONGEST_STATEMENT);
      if (database.pool !== settings.database) {
        database.pool.on('connect', () => {
          outages.over(BROKEN);
        });
      }
      return new OutboxLedger(settings, database, outages, account, rows[0]?.prefix ?? '');
    } catch (failure) {
      const cause = await namingMissingRights(failure, first.pool, settings.schema, 'use').catch(() => failure);
      if (cause instanceof OutboxError) throw cause;
      const { code } = readDatabaseFailure(cause, true);
      throw new OutboxError(code, `The outbox cannot use its database: ${wordsOf(cause)}`, { cause });
    } finally {
      await first.close();
    }
  }

  onApplicationBootstrap(): void {
    this.notifications.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.notifications.stop();
    await this.database.close();
  }
}

/**
 * In the failure's own words: what `database` is belongs to whoever starts the app. Where a name has several addresses
 * the failure of all of them has a code, and no message; a host that is not known may be a part of the password.
 */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host is not known (${code})`;
  return message === '' ? String(code) : message;
}
