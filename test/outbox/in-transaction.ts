import type { Pool, PoolClient } from 'pg';

/**
 * Runs `work` in a transaction of its own and ends that, whatever happens: one that a failed test left open would keep
 * its locks, and the tests after it would wait for them.
 */
export async function inTransaction<T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  end: 'commit' | 'rollback' = 'commit',
): Promise<T> {
  const client = await pool.connect();
  let isEnded = false;
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query(end);
    isEnded = true;
    return result;
  } finally {
    client.release(!isEnded);
  }
}
