import type { Pool, PoolClient } from 'pg';

/** A client of a pool; to be given back once. */
export interface LentClient {
  readonly client: PoolClient;
  /** @param broken why it is not to be used again. */
  readonly giveBack: (broken: Error | undefined) => void;
}

/**
 * Takes a client out of a pool. One that breaks says so to the statement under way, and by an event that would end the
 * process if nobody heard it: also right when it is taken, before a promise could tell of it.
 */
export function lendClient(pool: Pool): Promise<LentClient> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client, release) => {
      if (error !== undefined || client === undefined) {
        reject(error ?? new Error('The pool gave no client'));
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
