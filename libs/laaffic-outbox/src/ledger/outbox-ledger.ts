import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { Outages } from '../outages.js';
import { OutboxError } from '../outbox.error.js';
import type { OutboxActivity } from './activity.js';
import { Database } from './database.js';
import { checkSchema, migrateOutbox } from './migrate.js';
import { Notifications } from './notifications.js';

/** Longer than any statement takes; migrations may take as long as they need. */
const LONGEST_STATEMENT = 60_000;

/** What works with the ledger: its rows are reached through `database`. */
export type Ledger = Omit<OutboxLedger, keyof OnApplicationBootstrap | keyof OnApplicationShutdown>;

/** One process' way to the ledger of one gateway account. */
export class OutboxLedger implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly notifications: Notifications;
  readonly outages = new Outages();
  /** What this process moves on; made only for those who watch (`observed`). */
  readonly activity = new Subject<OutboxActivity>();
  /** Who acts, in the journal. */
  readonly by = `${hostname()}.${process.pid}.${randomBytes(3).toString('hex')}`;

  private constructor(
    readonly settings: OutboxSettings,
    readonly database: Database,
    /** The account's application id at the gateway. */
    readonly account: string,
    /** What the order ids of this ledger begin with. */
    readonly prefix: string,
  ) {
    this.notifications = new Notifications(database, this.outages);
  }

  /**
   * Brings the schema up to date or checks that it is. Leaves no connection open: if the app does not start, nobody
   * closes it.
   * @throws {OutboxError} if the schema is not of the version that this release needs; `OUTBOX_DATABASE` if the
   * database cannot be reached or used.
   */
  static async open(settings: OutboxSettings, account: string): Promise<OutboxLedger> {
    const logger = new Logger('LaafficOutbox');
    const onError = ({ message }: Error): void => {
      logger.warn(`A connection to the database broke: ${message}`);
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
      return new OutboxLedger(
        settings,
        Database.open(settings, onError, LONGEST_STATEMENT),
        account,
        rows[0]?.prefix ?? '',
      );
    } catch (cause) {
      if (cause instanceof OutboxError) throw cause;
      // In its own words: what `database` is belongs to whoever starts the app.
      const { message, code } = cause as NodeJS.ErrnoException;
      // Where a name has several addresses the failure of all of them has a code, and no message.
      const reason = message === '' ? code : message;
      throw new OutboxError('OUTBOX_DATABASE', `The outbox cannot use its database: ${reason}`, { cause });
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
