import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { EmbeddedPostgres } from '../../libs/laaffic-outbox/src/embedded/index.js';

/** A database of a spec's own. */
export interface TestDatabase {
  readonly url: string;
  /** Drops the database, whoever is connected; the last spec's stops the server. */
  close(): Promise<void>;
}

/**
 * A fresh, empty database in the server that all workers of this user share. The first start on a machine
 * makes the cluster, so give it time: `beforeAll(async () => …, 60_000)`.
 */
export async function startDatabase(): Promise<TestDatabase> {
  const dataDir = join(tmpdir(), `laaffic-outbox-postgres-${process.getuid?.() ?? 'user'}`);
  const settings = { max_connections: '300' };
  const server = await EmbeddedPostgres.start({ dataDir, database: 'postgres', settings, startTimeout: 60_000 });
  const name = `test_${randomBytes(8).toString('hex')}`;
  await command(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    close: async () => {
      await command(server.url, `drop database if exists ${name} with (force)`);
      await server.close();
    },
  };
}

async function command(url: string, sql: string): Promise<void> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
