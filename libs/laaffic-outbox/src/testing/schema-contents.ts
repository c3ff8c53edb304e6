import type { PoolClient } from 'pg';
import { takeClient, type Database } from '../database/database.js';

/** They tell which release has made the schema, and not what happened in it. */
const OF_RELEASES = ['migration', 'function_set'];
/** The prefix of order ids is read at boot. A handler is registered then, and an app may put its templates. */
const OF_PROCESSES = ['installation', 'event_handler', 'template', 'template_version'];

interface Table {
  readonly name: string;
  /** Its columns with a time, quoted. */
  readonly times: readonly string[];
}

/** All tables of the outbox's schema. What they are comes from the server, so no new table or column is forgotten. */
export class SchemaContents {
  constructor(private readonly database: Pick<Database, 'pool' | 'schema'>) {}

  /** Moves all stored times into the past, in one transaction. */
  async moveBack(milliseconds: number): Promise<void> {
    await this.#transaction(async (client, schema) => {
      for (const { name, times } of await tablesOf(client, schema)) {
        if (times.length === 0) continue;
        const moved = times.map((time) => `${time} = ${time} - $1::float8 * interval '1 millisecond'`);
        await client.query(`update "${schema}"."${name}" set ${moved.join()}`, [milliseconds]);
      }
      // Processes with handlers renew their registration, so it does not age while they run.
      await client.query(
        `update "${schema}".event_handler set seen_at = seen_at + $1::float8 * interval '1 millisecond'
          where seen_at + $1::float8 * interval '1 millisecond' > clock_timestamp() - interval '7 days'`,
        [milliseconds],
      );
    });
  }

  /** Deletes all rows but those of the boot, in one transaction. */
  async clear(): Promise<void> {
    await this.#transaction(async (client, schema) => {
      const { rows } = await client.query<{ id: string }>(`select id from "${schema}".account`);
      // Not truncated: that takes longer with few rows, and every session would have to plan its statements again.
      for (const { name } of await tablesOf(client, schema)) {
        if (!OF_PROCESSES.includes(name)) await client.query(`delete from "${schema}"."${name}"`);
      }
      // Without its pauses and limits.
      await client.query(`insert into "${schema}".account (id) select unnest($1::text[])`, [rows.map(({ id }) => id)]);
    });
  }

  async #transaction(work: (client: PoolClient, schema: string) => Promise<void>): Promise<void> {
    const { pool, schema } = this.database;
    const { client, release } = await takeClient(pool);
    try {
      await client.query('begin');
      await work(client, schema);
      await client.query('commit');
      release(undefined);
    } catch (error) {
      // A connection that ends rolls its transaction back.
      release(error as Error);
      throw error;
    }
  }
}

async function tablesOf(client: PoolClient, schema: string): Promise<Table[]> {
  const { rows } = await client.query<Table>(
    `select c.relname as name, coalesce(array_agg(quote_ident(a.attname)) filter (
        where a.atttypid = 'timestamptz'::regtype and a.attgenerated = ''), '{}') as times
      from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      where c.relnamespace = to_regnamespace($1) and c.relkind in ('r', 'p') and c.relname <> all ($2)
      group by c.relname order by c.relname`,
    [`"${schema}"`, OF_RELEASES],
  );
  return rows;
}
