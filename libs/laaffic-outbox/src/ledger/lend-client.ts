import type { Pool, PoolClient } from 'pg';

/** A client of a pool. Return it exactly once. */
export interface LentClient {
  readonly client: PoolClient;
  /** @param broken why the client must not be used again. */
  readonly giveBack: (broken: Error | undefined) => void;
}

/**
 * Takes a client out of a pool. A client that breaks rejects its running statement and also emits an event, which would
 * end the process without a listener. The listener must exist as soon as the client is taken, so a promise would be too
 * late.
 */
export function lendClient(pool: Pool): Promise<LentClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client, release) => {
      if (error !== undefined || client === undefined) {
        reject(error ?? new Error('The pool returned no client'));
        return;
      }
      const ignore = (): void => undefined;
      client.on('error', ignore);
      const giveBack = (broken: Error | undefined): void => {
        client.off('error', ignore);
        release(broken);
      };
      resolve({ client, giveBack });
    });
  });
}
