import type { SqlTransaction } from 'nestjs-laaffic-outbox';

export const ORDERS = 'create table orders (name text primary key)';

export type Isolation = 'read committed' | 'repeatable read';

/** A transaction of an app, in one library. */
export interface AppTransaction {
  /** What the app passes to the outbox. */
  readonly sql: SqlTransaction;
  /** Inserts a row of the app's own table, in the library's own way. */
  addOrder(name: string): Promise<unknown>;
  /** Runs the steps under a savepoint, and rolls them back if they throw. */
  nested(steps: (inner: AppTransaction) => Promise<void>): Promise<void>;
}

/** An app's database, in one library. */
export interface Library {
  /** Commits after the steps. If they throw, it rolls back and throws too. */
  transaction(steps: (tx: AppTransaction) => Promise<void>, isolation?: Isolation): Promise<void>;
  /** What an app might pass by mistake: each statement is committed at once. */
  readonly noTransaction: SqlTransaction;
  /** The class of its errors when PostgreSQL demands a retry. */
  readonly errorClass: string;
  close(): Promise<void>;
}

/** Savepoints for a library without its own. */
export async function underSavepoint(run: (text: string) => Promise<unknown>, steps: () => Promise<void>) {
  await run('savepoint inner_steps');
  try {
    await steps();
  } catch (error) {
    await run('rollback to savepoint inner_steps');
    throw error;
  }
  await run('release savepoint inner_steps');
}
