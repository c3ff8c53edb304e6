import type { Pool, PoolClient } from 'pg';
import { readDatabaseFailure } from '../errors/database-failure.js';
import { OutboxError } from '../errors/outbox.error.js';

interface Lacking {
  readonly role: string;
  /** As in `grant … on …`, without the role. */
  readonly grants: readonly string[];
}

/** The rights that the outbox needs on each table of its schema. */
const RIGHTS = ['select', 'insert', 'update', 'delete'] as const;

/**
 * Names the rights that the role lacks, if that is the cause of a failure.
 * @param purpose `use` works with an existing schema; otherwise the schema is created or changed, and `toRun` is the way
 * to do that by hand.
 * @returns the given failure if it has another cause.
 */
export async function namingMissingRights(
  failure: unknown,
  client: Pool | PoolClient,
  schema: string,
  purpose: 'use' | { readonly toRun: string },
): Promise<unknown> {
  if (failure instanceof OutboxError || readDatabaseFailure(failure).code !== 'OUTBOX_DATABASE_DENIED') return failure;
  const { role, grants } = await (purpose === 'use' ? lackingToUse(client, schema) : lackingToMigrate(client, schema));
  const commands = grants.map((grant) => `\`${grant} to "${role}"\``).join(', ');
  const advice =
    purpose === 'use'
      ? `Run as the owner of the schema: ${commands}`
      : `Run ${commands}, or let the owner of the schema run ${purpose.toRun} and set the option \`migrate\` to false`;
  const what = purpose === 'use' ? `may not use the schema ${schema}` : `may not create or change the schema ${schema}`;
  return new OutboxError('OUTBOX_DATABASE_DENIED', `The role ${role} ${what}. ${advice}`, { cause: failure });
}

async function lackingToMigrate(client: Pool | PoolClient, schema: string): Promise<Lacking> {
  const { rows } = await client.query<{ role: string; database: string; exists: boolean; owner: string | null }>(
    `select current_user as role, current_database() as database, n.oid is not null as exists, r.rolname as owner
      from (select) one left join pg_namespace n on n.nspname = $1 left join pg_roles r on r.oid = n.nspowner`,
    [schema],
  );
  const { role = '', database = '', exists = false, owner } = rows[0] ?? {};
  return { role, grants: [exists ? `grant "${owner ?? ''}"` : `grant create on database "${database}"`] };
}

async function lackingToUse(client: Pool | PoolClient, schema: string): Promise<Lacking> {
  const { rows } = await client.query<{ role: string; usage: boolean | null; lacks: string[] | null }>(
    `select current_user as role, has_schema_privilege(n.oid, 'usage') as usage,
        array(select distinct p.right from pg_class t cross join unnest($2::text[]) p ("right")
          where t.relnamespace = n.oid and t.relkind = 'r' and not has_table_privilege(t.oid, p.right)) as lacks
      from pg_namespace n where n.nspname = $1`,
    [schema, RIGHTS],
  );
  const { role = '', usage = true, lacks } = rows[0] ?? {};
  const tables = RIGHTS.filter((right) => lacks?.includes(right) === true);
  return {
    role,
    grants: [
      ...(usage === true ? [] : [`grant usage on schema "${schema}"`]),
      ...(tables.length > 0 ? [`grant ${tables.join(', ')} on all tables in schema "${schema}"`] : []),
    ],
  };
}
