import type { Client, ClientBase } from 'pg';

/** The SQL of a library. */
export interface LibrarySql {
  /** What stands for the schema in it. */
  readonly schema: string;
  readonly migrations: readonly { readonly version: number; readonly text: string }[];
  readonly functions: { readonly digest: string; readonly text: string };
}

/** A library with SQL. */
export interface SqlLibrary {
  readonly folder: string;
  readonly schema: string;
  /** The statement with which the generated module imports its types. */
  readonly importTypes: string;
}

export const LIBRARIES: readonly SqlLibrary[];
export function readSql(folder: string, schema: string): LibrarySql;
export function install(client: ClientBase, sql: LibrarySql): Promise<void>;
export function generateModule(client: Client, sql: LibrarySql, importTypes: string): Promise<string>;
export function dumpSchema(client: ClientBase, schema: string): Promise<string>;
