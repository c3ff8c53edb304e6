import { randomBytes } from 'node:crypto';
import { Client } from 'pg';

/** A database of one spec. */
export interface TestDatabase {
  readonly url: string;
  /** Drops the database, even with open connections. */
  close(): Promise<void>;
}

/** Creates an empty database in the server of this run, which `test/setup` starts and stops. */
export async function startDatabase(): Promise<TestDatabase> {
  const server = await serverOfThisRun();
  const name = `test_${randomBytes(8).toString('hex')}`;
  await command(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    close: () => command(server, `drop database if exists ${name} with (force)`),
  };
}

async function serverOfThisRun(): Promise<string> {
  const answer = await fetch(process.env['TEST_DATABASE_SERVER']!);
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return text;
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
