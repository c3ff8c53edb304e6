import { randomBytes } from 'node:crypto';
import { Inject, Injectable, Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import {
  LaafficOutboxModule,
  migrateOutbox,
  OutboxError,
  SmsOutbox,
  type LaafficOutboxOptions,
} from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { ACCOUNT, failureOf } from '../module/account.js';
import { startDatabase, type TestDatabase } from './database.js';
import { until } from '../until.js';

describe('a failing boot', () => {
  let database: TestDatabase;
  let sandbox: LaafficSandbox;
  let pool: Pool;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    pool = new Pool({ connectionString: database.url, max: 1 });
    await migrateOutbox(pool, 'newer');
    await pool.query("insert into newer.migration (version, name, is_breaking) values (99, 'later', true)");
  });
  afterAll(async () => {
    await sandbox.close();
    await pool.end();
    await database.close();
  });

  const connections = async () => {
    const { rows } = await pool.query(
      `select from pg_stat_activity where datname = current_database() and application_name = 'nestjs-laaffic-outbox'`,
    );
    return rows.length;
  };
  /** Handles that keep this process alive. */
  const handles = () => process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout/.test(kind)).length;

  function boot(options: Partial<LaafficOutboxOptions>, providers: Provider[]) {
    @Module({
      imports: [
        LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
        LaafficOutboxModule.forRoot({ database: database.url, ...options }),
      ],
      providers,
    })
    class App {}
    return NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  }

  class FailingHook implements OnModuleInit {
    onModuleInit() {
      throw new Error('the hook failed');
    }
  }
  const after: Provider = {
    provide: 'after',
    useFactory: () => Promise.reject(new Error('the provider failed')),
    inject: [SmsOutbox],
  };
  const beside: Provider = { provide: 'beside', useFactory: () => Promise.reject(new Error('the provider failed')) };

  it.each<[string, Partial<LaafficOutboxOptions>, Provider[], string]>([
    ['a schema of a newer release', { schema: 'newer' }, [], 'which a newer release made'],
    [
      'a missing database',
      { database: 'postgres://127.0.0.1:1/none' },
      [],
      'The outbox cannot use its database: connect ECONNREFUSED 127.0.0.1:1',
    ],
    ['no schema', { schema: 'none', migrate: false }, [], 'migrateOutbox'],
    ['a provider after it', {}, [after], 'the provider failed'],
    ['a provider beside it', {}, [beside], 'the provider failed'],
    ['a hook', {}, [FailingHook], 'the hook failed'],
  ])('leaves no connection for %s, and nothing that keeps the process alive', async (_, options, providers, words) => {
    await pool.query('select 1');
    const before = handles();
    await expect(boot(options, providers)).rejects.toThrow(words);
    // Sooner than a pool closes its idle connections.
    expect(await until(connections, (count) => count === 0, 8_000)).toBe(0);
    expect(await until(handles, (count) => count <= before, 8_000)).toBeLessThanOrEqual(before);
  });

  it('leaves nothing that keeps the process alive if a hook has used the outbox', async () => {
    @Injectable()
    class UsingHook implements OnModuleInit {
      constructor(@Inject(SmsOutbox) private readonly outbox: SmsOutbox) {}

      async onModuleInit() {
        await this.outbox.find('1');
        throw new Error('the hook failed');
      }
    }
    await pool.query('select 1');
    const before = handles();
    await expect(boot({}, [UsingHook])).rejects.toThrow('the hook failed');
    expect(await until(handles, (count) => count <= before, 8_000)).toBeLessThanOrEqual(before);
  });

  describe('the error of a failing boot says what to do about a database', () => {
    const name = `boot_${randomBytes(6).toString('hex')}`;
    const failureOfBoot = async (options: Partial<LaafficOutboxOptions>) => {
      const error = await failureOf(boot(options, []));
      expect(error).toBeInstanceOf(OutboxError);
      const { code, message, outcome } = error as OutboxError;
      return { code, message, outcome };
    };

    it.each(['WIN1252', 'LATIN1', 'SQL_ASCII'])('in %s, with and without its schema', async (encoding) => {
      await pool.query(`create database ${name} encoding '${encoding}' locale 'C' template template0`);
      try {
        const url = new URL(database.url);
        url.pathname = name;
        for (const migrate of [true, false]) {
          expect(await failureOfBoot({ database: url.href, migrate })).toEqual({
            code: 'OUTBOX_DATABASE_ENCODING',
            message:
              `The database ${name} is in ${encoding}, but message texts need UTF8: ` +
              "create another with `create database … encoding 'UTF8' template template0`",
            outcome: 'rejected',
          });
        }
      } finally {
        await pool.query(`drop database ${name} with (force)`);
      }
    });

    describe('that denies a right to the role', () => {
      const role = name;
      let url: string;
      beforeAll(async () => {
        await migrateOutbox(pool, 'old');
        await migrateOutbox(pool, 'made');
        await pool.query(`create role ${role} login password 'secret'; revoke create on schema public from public;
          delete from old.migration`);
        const own = new URL(database.url);
        [own.username, own.password] = [role, 'secret'];
        url = own.href;
      });
      afterAll(() => pool.query(`drop owned by ${role}; drop role ${role}`));

      it.each([
        [
          'the right to create a schema',
          { schema: 'fresh' },
          'select 1',
          `may not create or change the schema fresh. Run \`grant create on database "{database}" to "${role}"\`, or let the ` +
            'owner of the schema run `laaffic outbox migrate` or migrateOutbox(pool) and set the option `migrate` to false',
        ],
        [
          'the right to change a schema',
          { schema: 'old' },
          `grant usage on schema old to ${role}; grant select on old.migration to ${role}`,
          `may not create or change the schema old. Run \`grant "{owner}" to "${role}"\`, or let the owner of the schema run ` +
            '`laaffic outbox migrate` or migrateOutbox(pool) and set the option `migrate` to false',
        ],
        [
          'the right to use a schema',
          { schema: 'made', migrate: false },
          'select 1',
          `may not use the schema made. Run as the owner of the schema: \`grant usage on schema "made" to "${role}"\`, ` +
            `\`grant select, insert, update, delete on all tables in schema "made" to "${role}"\``,
        ],
        [
          'the right to write in a schema',
          { schema: 'made', migrate: false },
          `grant usage on schema made to ${role}; grant select on all tables in schema made to ${role}`,
          'may not use the schema made. Run as the owner of the schema: ' +
            `\`grant insert, update, delete on all tables in schema "made" to "${role}"\``,
        ],
      ])('%s', async (_, options, grants, words) => {
        await pool.query(grants);
        const { rows } = await pool.query<{ database: string; owner: string }>(
          'select current_database() as database, current_user as owner',
        );
        expect(await failureOfBoot({ database: url, ...options })).toEqual({
          code: 'OUTBOX_DATABASE_DENIED',
          message: `The role ${role} ${words.replace('{database}', rows[0]!.database).replace('{owner}', rows[0]!.owner)}`,
          outcome: 'rejected',
        });
      });
    });

    it('that does not let the role in', async () => {
      const url = new URL(database.url);
      url.password = 'another';
      expect(await failureOfBoot({ database: url.href })).toMatchObject({ code: 'OUTBOX_DATABASE_DENIED' });
    });

    it('whose host is unknown and may be a part of the password', async () => {
      expect(await failureOfBoot({ database: 'postgres://secret-word.invalid/x' })).toEqual({
        code: 'OUTBOX_DATABASE_UNAVAILABLE',
        message: expect.stringMatching(/^The outbox cannot use its database: its host is unknown \(E\w+\)$/),
        outcome: 'rejected',
      });
    });
  });
});
