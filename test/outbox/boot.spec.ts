import { Inject, Injectable, Module, type OnModuleInit, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, migrateOutbox, SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { ACCOUNT } from '../module/account.js';
import { startDatabase, type TestDatabase } from './database.js';
import { until } from './stage.js';

describe('a boot that fails', () => {
  let database: TestDatabase;
  let sandbox: LaafficSandbox;
  let pool: Pool;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    pool = new Pool({ connectionString: database.url, max: 1 });
    await migrateOutbox(pool, 'newer');
    await pool.query('insert into newer.migration (version) values (99)');
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
  /** What keeps this process alive. */
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
    ['a schema of a newer release', { schema: 'newer' }, [], 'made by a newer release'],
    [
      'a database that is not there',
      { database: 'postgres://127.0.0.1:1/none' },
      [],
      'The outbox cannot use its database: connect ECONNREFUSED 127.0.0.1:1',
    ],
    ['no schema', { schema: 'none', migrate: false }, [], 'migrateOutbox'],
    ['a provider after it', {}, [after], 'the provider failed'],
    ['a provider beside it', {}, [beside], 'the provider failed'],
    ['a hook', {}, [FailingHook], 'the hook failed'],
  ])('for %s leaves no connection, and nothing that keeps the process alive', async (_, options, providers, words) => {
    await pool.query('select 1');
    const before = handles();
    await expect(boot(options, providers)).rejects.toThrow(words);
    // Sooner than a pool gives up its idle connections.
    expect(await until(connections, (count) => count === 0, 8_000)).toBe(0);
    expect(await until(handles, (count) => count <= before, 8_000)).toBeLessThanOrEqual(before);
  });

  it('in a hook that has used the outbox leaves nothing that keeps the process alive', async () => {
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
});
