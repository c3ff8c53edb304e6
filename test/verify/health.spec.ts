import { randomBytes } from 'node:crypto';
import { Controller, Get, Inject, Module, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficVerifyModule } from 'nestjs-laaffic-verify';
import { VerificationHealthIndicator, VerificationHealthModule } from 'nestjs-laaffic-verify/health';
import { Pool } from 'pg';
import { ACCOUNT } from '../module/account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';

let database: TestDatabase;
let pool: Pool;
let sandbox: LaafficSandbox;
let schema = '';
let schemas = 0;
let app: INestApplication | undefined;

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url });
  sandbox = await LaafficSandbox.start();
});
beforeEach(() => {
  schema = `verify_health_${++schemas}`;
});
afterEach(async () => {
  await app?.close();
  app = undefined;
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

/** An app as its users write it. Returns how to ask it until the answer fulfils a condition; it is kept for a second. */
async function serve(of: Pool | string = database.url) {
  @Controller()
  class HealthController {
    constructor(
      @Inject(HealthCheckService) private readonly health: HealthCheckService,
      @Inject(VerificationHealthIndicator) private readonly verification: VerificationHealthIndicator,
    ) {}

    @Get('health')
    @HealthCheck()
    check() {
      return this.health.check([() => this.verification.isHealthy()]);
    }
  }
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: of, worker: false, sealKeys: [randomBytes(32)], isGlobal: true }),
      LaafficVerifyModule.forRoot({
        ...{ keys: [randomBytes(32)], countries: ['GB'], expectedPerDay: 1_000, app: 'Example', schema },
      }),
      TerminusModule.forRoot({ logger: false }),
      VerificationHealthModule.forRoot(),
    ],
    controllers: [HealthController],
  })
  class App {}
  const served = await NestFactory.create(App, { logger: false, abortOnError: false });
  app = served;
  await served.listen(0, '127.0.0.1');
  const url = `${await served.getUrl()}/health`;
  return async (status: number) => {
    const answer = await until(
      () => fetch(url),
      (response) => response.status === status,
    );
    return ((await answer.json()) as { details: { verification: object } }).details.verification;
  };
}

it('is up while the database has the schema of this release', async () => {
  const probe = await serve();
  expect(await probe(200)).toEqual({ status: 'up' });
});

it.each([
  ['functions', () => pool.query(`delete from ${schema}.function_set`), 'OUTBOX_SCHEMA_MISSING'],
  ['versions', () => pool.query(`delete from ${schema}.migration`), 'OUTBOX_SCHEMA_MISSING'],
  ['schema', () => pool.query(`drop schema ${schema} cascade`), 'OUTBOX_SCHEMA_MISSING'],
  [
    'old tables',
    () => pool.query(`insert into ${schema}.migration (version, name, is_breaking) values (999, 'newer', true)`),
    'OUTBOX_SCHEMA_TOO_NEW',
  ],
])('is down without the %s', async (_, remove, failure) => {
  const probe = await serve();
  await probe(200);
  await remove();
  expect(await probe(503)).toMatchObject({ status: 'down', code: 'VERIFY_HEALTH_SCHEMA', failure });
});

it('is up while alarms of the guard are on, and names those about messages that do not arrive', async () => {
  const probe = await serve();
  await pool.query(
    `insert into ${schema}.alarm (type, scope, raised_at, last_at, count)
      select t, 'GB', now() - a, now() - a, 1 from unnest(array['cap', 'range', 'trouble'], '{0,0,0}'::interval[]) x (t, a)
      union all select 'trouble', 'DE', now() - interval '1 hour', now() - interval '1 hour', 1`,
  );
  expect(await probe(200)).toEqual({ status: 'up', alarms: ['trouble GB', 'cap GB'] });
});

it('is down while the database does not respond, and up again after that', async () => {
  const of = new Pool({ connectionString: database.url });
  const probe = await serve(of);
  const connect = jest.spyOn(of, 'connect').mockImplementation(() => {
    throw Object.assign(new Error('connect ECONNREFUSED 10.1.2.3'), { code: 'ECONNREFUSED' });
  });
  const down = await probe(503);
  expect(down).toMatchObject({ status: 'down', code: 'VERIFY_HEALTH_DATABASE' });
  expect(JSON.stringify(down)).not.toContain('10.1.2.3');
  connect.mockRestore();
  expect(await probe(200)).toEqual({ status: 'up' });
  await app?.close();
  app = undefined;
  await of.end();
});
