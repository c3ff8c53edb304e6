import { Pool, type PoolClient } from 'pg';
import { underSavepoint, type AppTransaction, type Library } from './library.js';

export function openPg(url: string): Library {
  const pool = new Pool({ connectionString: url });
  return {
    transaction: async (steps, isolation = 'read committed') => {
      const client = await pool.connect();
      try {
        await client.query(`begin isolation level ${isolation}`);
        await steps(appTransaction(client));
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      } finally {
        client.release();
      }
    },
    noTransaction: pool,
    errorClass: 'DatabaseError',
    close: () => pool.end(),
  };
}

function appTransaction(client: PoolClient): AppTransaction {
  const tx: AppTransaction = {
    sql: client,
    addOrder: (name) => client.query('insert into orders values ($1)', [name]),
    nested: (steps) =>
      underSavepoint(
        (text) => client.query(text),
        () => steps(tx),
      ),
  };
  return tx;
}
