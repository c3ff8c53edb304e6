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

/** Milliseconds; more than any statement takes. Migrations have no limit. */
const LONGEST_STATEMENT = 60_000;
const BROKEN = 'A connection was lost';
/** How long callers wait for a connection, in milliseconds. */
const LONGEST_WAIT = 30_000;
/** Connections that callers leave to the worker: to claim for either lane, to store outcomes, and for maintenance. */
const KEPT_BY_A_WORKER = 4;
/** Leaves one connection for the statement that reads outcomes for all waiting callers. */
const KEPT_WITHOUT = 1;
/** The default `max` of a node-postgres pool. */
const DEFAULT_CONNECTIONS = 10;

/** The ledger as its users see it: they reach its rows through `database`. */
export type Ledger = Omit<OutboxLedger, keyof OnApplicationBootstrap | keyof OnApplicationShutdown | 'isElsewhere'>;

/** Number of outboxes of each account in this process. */
const openAccounts = new Map<string, number>();

/** Access of one process to the ledger of one account. */
export class OutboxLedger implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly notifications: Notifications;
  /**
   * Limits how many of the pool's connections statements of the app may use at once. Statements of the worker do not
   * queue.
   */
  readonly turns: { readonly callers: Turns; readonly readers: Turns };
  /** The changes that this process makes; only created while it is `observed`. */
  readonly activity = new Subject<OutboxActivity>();
  /** The actor of this process in the history. */
  readonly by = `${hostname()}.${process.pid}.${randomBytes(3).toString('hex')}`;

  private constructor(
    readonly settings: OutboxSettings,
    readonly database: Database,
    readonly outages: Outages,
    /** The account's application id at the gateway. */
    readonly account: string,
    /** The prefix of the order ids of this ledger. */
    readonly prefix: string,
  ) {
    this.notifications = new Notifications(database, outages);
    // The app's pool may be any object that works like one.
    const { max = DEFAULT_CONNECTIONS } = (database.pool.options as { readonly max?: number } | undefined) ?? {};
    const callers = Math.max(1, max - (settings.worker === undefined ? KEPT_WITHOUT : KEPT_BY_A_WORKER));
    this.turns = {
      callers: new Turns(callers, LONGEST_WAIT),
      readers: new Turns(Math.max(1, Math.floor(callers / 2)), LONGEST_WAIT),
    };
  }

  /**
   * Migrates the schema, or checks that it is up to date. Leaves no connection open, because nobody closes it if the
   * app does not start.
   * @throws {OutboxError} if the schema does not have the version of this release; `OUTBOX_DATABASE_UNAVAILABLE` if the
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

  /** Whether another outbox in this process belongs to the account, and not this one. */
  isElsewhere(account: string): boolean {
    return account !== this.account && (openAccounts.get(account) ?? 0) > 0;
  }

  onApplicationBootstrap(): void {
    openAccounts.set(this.account, (openAccounts.get(this.account) ?? 0) + 1);
    this.notifications.start();
  }

  async onApplicationShutdown(): Promise<void> {
    openAccounts.set(this.account, Math.max(0, (openAccounts.get(this.account) ?? 0) - 1));
    await this.notifications.stop();
    await this.database.close();
  }
}

/**
 * Repeats the server's own error text, because the person who starts the app owns `database`. If a host has several
 * addresses, the error has a code and no message. An unknown host may be a part of the password, so it is not shown.
 */
function wordsOf(cause: unknown): string {
  const { message, code } = cause as NodeJS.ErrnoException;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `its host is unknown (${code})`;
  return message === '' ? String(code) : message;
}
