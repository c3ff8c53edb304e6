import type { SqlTransaction } from 'nestjs-laaffic-outbox';

export const ORDERS = 'create table orders (name text primary key)';

export type Isolation = 'read committed' | 'repeatable read';

/** A transaction of an app, as one library has it. */
export interface AppTransaction {
  /** What the app hands to the outbox. */
  readonly sql: SqlTransaction;
  /** Writes a row of the app's own table, in the library's own way. */
  addOrder(name: string): Promise<unknown>;
  /** Runs the steps under a savepoint; what they did is undone if they throw. */
  nested(steps: (inner: AppTransaction) => Promise<void>): Promise<void>;
}

/** An app's database, as one library has it. */
export interface Library {
  /** Commits when the steps are done, and rolls back if they throw, which the caller hears. */
  transaction(steps: (tx: AppTransaction) => Promise<void>, isolation?: Isolation): Promise<void>;
  /** What an app might hand over by mistake: each statement is committed at once. */
  readonly noTransaction: SqlTransaction;
  close(): Promise<void>;
}

/** Savepoints for a library that has none of its own. */
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
