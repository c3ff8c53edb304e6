import type { CallersDatabase } from '../database/callers-database.js';
import type { Database } from '../database/database.js';
import type { Release } from '../database/migrate.js';
import { PeriodicTask, type PeriodicTaskPlan } from '../runtime/periodic-task.js';
import type { SqlTransaction } from '../sql-transaction.js';
import type { Statement } from '../sql/statement.js';
import type { OutboxStore } from '../store/outbox-store.js';

/** Where the tables of an extension are. */
export interface ExtensionOptions {
  /** The name of the schema. It needs no quotes. */
  readonly schema: string;
  /** Whether to migrate the schema. Otherwise it is only checked. */
  readonly migrate: boolean;
}

/**
 * The tables of another package in the database of an outbox. They share its connections, so a row of theirs and a
 * message can be committed together.
 */
export class OutboxExtension {
  private constructor(
    private readonly store: OutboxStore,
    private readonly callers: CallersDatabase,
    private readonly database: Database,
  ) {}

  /**
   * Migrates or checks the schema.
   * @param store inject it with `getOutboxStoreToken(account)`.
   * @throws {OutboxError} `OUTBOX_SCHEMA_MISSING`, `OUTBOX_SCHEMA_TOO_NEW`, or a code of the database.
   */
  static async open(store: OutboxStore, release: Release, options: ExtensionOptions): Promise<OutboxExtension> {
    const { schema, migrate } = options;
    await store.prepareSchema(release, schema, migrate);
    const { marker } = release;
    return new OutboxExtension(store, store.callers.beside(schema, marker), store.database.beside(schema, marker));
  }

  /** The application id of the account. */
  get account(): string {
    return this.store.account;
  }

  /**
   * Runs a statement for a caller of the app.
   * @param transaction where to run it. @default a transaction of its own
   * @throws {OutboxError} a code of the database, and whether the statement may have stored something.
   * @throws the transaction's own error, unchanged.
   */
  run<P extends object, R extends object>(
    statement: Statement<P, R>,
    params: P,
    transaction?: SqlTransaction,
  ): Promise<R[]> {
    return this.callers.runIn(transaction, statement, params);
  }

  /**
   * Runs `work` in a transaction, which commits when its promise resolves and is rolled back when it rejects. Pass the
   * transaction to {@link run} and to the methods of the outbox.
   * @throws {OutboxError} as {@link run}; what `work` throws, unchanged.
   */
  transaction<T>(work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
    return this.callers.transaction(work);
  }

  /** Runs a statement for recurring work, which no caller of the app waits for. */
  runInBackground<P extends object, R extends object>(statement: Statement<P, R>, params: P): Promise<R[]> {
    return this.database.run(statement, params);
  }

  /** Recurring work, whose failures the outbox logs. Start and stop it with the app. */
  periodicTask(plan: Omit<PeriodicTaskPlan, 'errors'>): PeriodicTask {
    return new PeriodicTask({ ...plan, errors: this.store.errors });
  }

  /** Waits for work that is about to end at the shutdown of the app, as long as the outbox itself may take. */
  drain(work: Promise<unknown>): Promise<void> {
    return this.store.drain(work);
  }
}
