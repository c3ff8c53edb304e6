import { createServer, type Server } from 'node:net';
import { migrateOutbox } from 'nestjs-laaffic-outbox';
import { Client, Pool } from 'pg';
import { startFailure } from '../../src/start-failure.js';
import { readConfiguration } from '../../src/configuration.js';
import { createApp } from '../../src/create-app.js';
import { migrateService } from '../../src/database/service-schema.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { startService } from './service.js';

jest.setTimeout(60_000);

const ESCAPES = 'In a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25';
const UNUSABLE = 'The service cannot start: the database of DATABASE_URL cannot be used: ';
// A boot that fails leaves no sandbox behind where there is none.
const ACCOUNT = { LAAFFIC_APP_ID: 'x', LAAFFIC_API_KEY: 'y', LAAFFIC_API_SECRET: 'z' };

let database: TestDatabase;
let printed: string;
beforeAll(async () => {
  database = await startDatabase();
}, 60_000);
afterAll(() => database.close());
beforeEach(() => {
  printed = '';
  const keep = (text: string | Uint8Array) => {
    printed += String(text);
    return true;
  };
  jest.spyOn(process.stdout, 'write').mockImplementation(keep);
  jest.spyOn(process.stderr, 'write').mockImplementation(keep);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** What the operator reads of a boot that fails, and all that was logged. */
async function failureOf(env: NodeJS.ProcessEnv): Promise<string> {
  try {
    const configuration = readConfiguration({ PORT: '0', LOG_FORMAT: 'text', ...ACCOUNT, ...env });
    const app = await createApp(configuration);
    try {
      await app.listen(configuration.port, configuration.host);
    } finally {
      await app.close();
    }
  } catch (error) {
    return startFailure(error);
  }
  throw new Error('it started');
}

const urlWith = (change: (url: URL) => void) => {
  const url = new URL(database.url);
  change(url);
  return url.href;
};

describe('an unreachable database is reported without any part of its URL', () => {
  it.each<[string, () => string, string]>([
    [
      'a piece of the password as the host',
      () => 'postgres://sms:x@hunter2/sms',
      `there is no server with the name of its host (ENOTFOUND). Check the host. ${ESCAPES}.`,
    ],
    [
      'a piece of the password as the port',
      () => 'postgres://127.0.0.1:1/hunter2',
      `nothing listens at its host and port (ECONNREFUSED). Check both, and that the server runs. ${ESCAPES}.`,
    ],
    [
      'a wrong password',
      () => urlWith((url) => (url.password = 'hunter2')),
      `its server rejects the user or the password (28P01). Check both. ${ESCAPES}.`,
    ],
    [
      'the password as the user',
      () => urlWith((url) => (url.username = 'hunter2')),
      `its server rejects the user or the password (28P01). Check both. ${ESCAPES}.`,
    ],
    [
      'a wrong password in the query',
      () => `${database.url}?password=hunter2`,
      `its server rejects the user or the password (28P01). Check both. ${ESCAPES}.`,
    ],
    [
      'the password as the database',
      () => urlWith((url) => (url.pathname = '/hunter2')),
      `its server has no database of that name (3D000). Create it, or check the name. ${ESCAPES}.`,
    ],
    [
      'a per cent sign that is not escaped',
      () => 'postgres://sms:hunter2%af@127.0.0.1/sms',
      `it cannot be read. ${ESCAPES}.`,
    ],
    [
      'a file that is not there',
      () => `${database.url}?sslmode=require&sslrootcert=/hunter2`,
      'a file or socket that it names cannot be opened (ENOENT). Check its host, sslrootcert, sslcert and sslkey.',
    ],
    [
      'TLS where the server has none',
      () => `${database.url}?sslmode=verify-full`,
      'its server does not offer TLS. Turn TLS on there, or leave sslmode out.',
    ],
  ])('%s', async (_, url, problem) => {
    const DATABASE_URL = url();
    expect(await failureOf({ DATABASE_URL })).toBe(`${UNUSABLE}${problem}`);
    expect(printed).not.toMatch(/hunter2|\n +at /);
    expect(printed).not.toContain(new URL(database.url).password);
  });

  it('a server that is not a PostgreSQL is reported', async () => {
    const server: Server = createServer((socket) => socket.on('error', () => undefined).end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const told = await failureOf({ DATABASE_URL: `postgres://sms:hunter2@127.0.0.1:${port}/sms` });
    server.close();
    expect(told).toMatch(
      /its server closed the connection( \(\w+\))?\. Check that it is a PostgreSQL, and look at its log\.$/,
    );
    expect(told + printed).not.toContain('hunter2');
  });
});

describe('a database that the service may not use', () => {
  it('is reported with the missing right', async () => {
    const role = `role_${database.url.slice(-8)}`;
    const admin = new Client(database.url);
    await admin.connect();
    await admin.query(`create role ${role} login password 'of-mine'`);
    const DATABASE_URL = urlWith((url) => Object.assign(url, { username: role, password: 'of-mine' }));
    const told = await failureOf({ DATABASE_URL });
    await admin.query(`drop role ${role}`);
    await admin.end();
    expect(told).toBe(
      `${UNUSABLE}The role ${role} may not create or change the schema laaffic_outbox. Run \`grant create on database ` +
        `"${new URL(database.url).pathname.slice(1)}" to "${role}"\`, or let the owner of the schema run ` +
        '`node dist/main.js migrate` and set DATABASE_MIGRATE to off.',
    );
    expect(printed).not.toMatch(/\n +at |of-mine/);
  });

  it('needs no right to migrate with DATABASE_MIGRATE=off, in the schema that its owner has migrated', async () => {
    const role = `sender_${database.url.slice(-8)}`;
    const owner = new Pool({ connectionString: database.url, max: 1 });
    await owner.query(`create role ${role} login password 'of-mine'`);
    const env = {
      DATABASE_URL: urlWith((url) => Object.assign(url, { username: role, password: 'of-mine' })),
      ...{
        DATABASE_SCHEMA: 'sms_own',
        SERVICE_SCHEMA: 'service_own',
        DATABASE_MIGRATE: 'off',
        DATABASE_CONNECTIONS: '6',
      },
    };
    try {
      await owner.query('create schema sms_own');
      await owner.query(`grant usage on schema sms_own to ${role}`);
      expect(await failureOf(env)).toBe(
        `${UNUSABLE}The schema sms_own is at version 0, and this release needs 1: run ` +
          '`node dist/main.js migrate` before the app starts, or set DATABASE_MIGRATE to on.',
      );
      await migrateOutbox(owner, 'sms_own');
      await migrateService(owner, 'service_own');
      for (const schema of ['sms_own', 'service_own']) {
        await owner.query(`grant usage on schema ${schema} to ${role}`);
        await owner.query(`grant select, insert, update, delete on all tables in schema ${schema} to ${role}`);
      }
      const service = await startService(env);
      const { status } = await service.send({ to: '918563210001', content: 'x' });
      await service.close();
      expect(status).toBe(201);
      const { rows } = await owner.query('select account, lane from sms_own.chunk');
      expect(rows).toEqual([{ account: '4luaKsL2', lane: 'priority' }]);
    } finally {
      await owner.query('drop schema if exists sms_own cascade; drop schema if exists service_own cascade');
      await owner.query(`drop role ${role}`);
      await owner.end();
    }
  });

  it('is reported if it is read-only', async () => {
    const DATABASE_URL = `${database.url}?options=-c%20default_transaction_read_only%3Don`;
    const told = await failureOf({ DATABASE_URL });
    expect(told).toMatch(
      /^The service cannot start: the database of DATABASE_URL cannot be used: .*read-only transaction\.$/,
    );
    expect(printed).not.toMatch(/\n +at /);
  });
});

it('a port in use, and an address of another machine, are reported without a stack', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const PORT = String(typeof address === 'object' ? address?.port : undefined);
  const env = { DATABASE_URL: database.url };
  expect(await failureOf({ ...env, PORT })).toBe(
    'The service cannot start: the port is taken: set PORT to a free one (EADDRINUSE)',
  );
  server.close();
  expect(await failureOf({ ...env, HOST: '192.0.2.1', API_KEYS: 'a-key-of-my-own-0123' })).toBe(
    'The service cannot start: this machine does not have the address of HOST (EADDRNOTAVAIL)',
  );
  expect(printed).not.toMatch(/\n +at /);
});

it('an unexpected error is reported with its stack, which cannot forge a line', () => {
  const error = new Error('one\nTwo\u001b[2K');
  expect(startFailure(error).split('\n')[0]).toBe('Error: one\\nTwo\\u001b[2K');
  expect(startFailure(error)).toMatch(/\n {4}at /);
});
