import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Subject } from 'rxjs';
import type { OutboxSettings } from '../options/outbox.settings.js';
import { Outages } from '../outages.js';
import type { OutboxActivity } from './activity.js';
import { Database } from './database.js';
import { checkSchema, migrateOutbox } from './migrate.js';
import { Notifications } from './notifications.js';

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
   * Connects, and brings the schema up to date or checks that it is.
   * @throws {OutboxError} if the schema is not of the version that this release needs.
   */
  static async open(settings: OutboxSettings, account: string): Promise<OutboxLedger> {
    const logger = new Logger('LaafficOutbox');
    const database = new Database(settings.database, settings.schema, ({ message }) => {
      logger.warn(`A connection to the database broke: ${message}`);
    });
    try {
      if (settings.migrate) await migrateOutbox(database.pool, settings.schema);
      else await checkSchema(database.pool, settings.schema);
      await database.query(`insert into ${database.schema}.account (id) values ($1) on conflict do nothing`, [account]);
      const { rows } = await database.query<{ prefix: string }>(`select prefix from ${database.schema}.ledger`);
      return new OutboxLedger(settings, database, account, rows[0]?.prefix ?? '');
    } catch (error) {
      await database.close();
      throw error;
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
