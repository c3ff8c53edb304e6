import { OutboxExtension, getOutboxStoreToken, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { THIS_RELEASE } from '../../libs/laaffic-verify/src/store/migrate-verification.js';
import { PostgresStore } from '../../libs/laaffic-verify/src/store/postgres-store.js';
import type { ModuleMetadata } from '@nestjs/common';
import type { LaafficOutboxOptions, SqlTransaction } from 'nestjs-laaffic-outbox';
import type { Pool } from 'pg';
import type { VerificationStore } from '../../libs/laaffic-verify/src/store/verification-store.js';
import type { MemoryStore } from '../../libs/laaffic-verify/src/testing/memory-store.js';
import type { Stage } from '../outbox/stage.js';

/** A store in the database of a stage, with a time that the test sets, or the server's. */
export async function openStore(
  stage: Stage,
  now?: () => Date | undefined,
  outboxOptions: Partial<LaafficOutboxOptions> = {},
  more: ModuleMetadata = {},
) {
  const { app, outbox } = await stage.app({ worker: false, ...outboxOptions }, more);
  const outboxStore = app.get<OutboxStore>(getOutboxStoreToken());
  const extension = await OutboxExtension.open(outboxStore, THIS_RELEASE, { schema: 'laaffic_verify', migrate: true });
  const store: TestedStore = Object.assign(new PostgresStore(extension, now), {
    transaction: <T>(work: (transaction: SqlTransaction) => Promise<T>) => inTransaction(stage.pool, work),
  });
  return { store, outbox, extension, app };
}

/** A store, and how an app that uses it runs a transaction. */
export type TestedStore = VerificationStore & Pick<MemoryStore, 'transaction'>;

/** Runs work in a transaction of the app. */
async function inTransaction<T>(pool: Pool, work: (transaction: SqlTransaction) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}
