import type { Client, ClientBase } from 'pg';

/** The SQL of the outbox. */
export interface OutboxSql {
  readonly migrations: readonly { readonly version: number; readonly text: string }[];
  readonly functions: { readonly digest: string; readonly text: string };
}

export function readSql(folder: string): OutboxSql;
export function install(client: ClientBase, sql: OutboxSql): Promise<void>;
export function generateModule(client: Client, sql: OutboxSql): Promise<string>;
export function dumpSchema(client: ClientBase): Promise<string>;
