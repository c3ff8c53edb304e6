import { Injectable, Module, type DynamicModule, type LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TerminusModule } from '@nestjs/terminus';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficHealthModule } from 'nestjs-laaffic/health';
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';
import { LaafficWebhooksModule, OnDeliveryReport } from 'nestjs-laaffic/webhooks';
import { LaafficOutboxModule, OnRecipientState, SmsOutbox } from 'nestjs-laaffic-outbox';
import { OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { OutboxTelemetryModule } from 'nestjs-laaffic-outbox/telemetry';
import { Pool } from 'pg';
import { Database } from '../../libs/laaffic-outbox/src/database/database.js';
import { ACCOUNT } from '../module/account.js';
import { startDatabase, type TestDatabase } from './database.js';
import { Line } from './line.js';

@Injectable()
class Handlers {
  @OnDeliveryReport()
  onReport(): void {}

  @OnRecipientState()
  onState(): void {}
}

let database: TestDatabase;
let sandbox: LaafficSandbox;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
});
afterAll(async () => {
  await sandbox.close();
  await database.close();
});

function appOn(outbox: DynamicModule, logger: LoggerService) {
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficWebhooksModule.forRoot({ secret: 'kQ3v9sXw2LpZ7tRb' }),
      TerminusModule,
      LaafficHealthModule.forRoot(),
      LaafficTelemetryModule.forRoot(),
      outbox,
      OutboxHealthModule,
      OutboxTelemetryModule.forRoot(),
    ],
    providers: [Handlers],
  })
  class App {}
  return NestFactory.create(App, { logger });
}

it.each(['a URL', 'a pool of the app'])('an app whose outbox is on %s can shut down twice', async (kind) => {
  const pool = new Pool({ connectionString: database.url });
  // Nest 12 logs failures during a shutdown; Nest 11 throws them.
  const failures: unknown[] = [];
  const note = (failure: unknown) => failures.push(failure);
  const app = await appOn(
    LaafficOutboxModule.forRoot({ database: kind === 'a URL' ? database.url : pool, isGlobal: true }),
    { log: () => undefined, warn: note, error: note },
  );
  await app.listen(0, '127.0.0.1');
  const { receipt } = await app.get(SmsOutbox).send({ to: '918563210001', content: 'hello' });

  await app.close();
  await app.close();
  await pool.end();

  expect({ accepted: receipt?.accepted.length, failures }).toEqual({ accepted: 1, failures: [] });
});

it('a server that ends while the connections of a closed outbox hang up is not a failure', async () => {
  const failures: string[] = [];
  const options = { database: database.url, connections: 5, schema: 'laaffic_outbox' };
  const own = Database.open(options, ({ message }) => failures.push(message));
  own.pool.emit('error', new Error('before'));
  await own.close();
  own.pool.emit('error', new Error('after'));

  expect(failures).toEqual(['before']);
});

it.each(['a URL', 'a pool of the app without time-outs'])(
  'an app whose outbox is on %s shuts down in time though no statement gets a response',
  async (kind) => {
    const line = await Line.to(database.url);
    const pool = new Pool({ connectionString: line.url });
    pool.on('error', () => undefined);
    const timing = { startWithinMs: 500, timeoutMs: 500, leaseMs: 2_000 };
    const app = await appOn(
      LaafficOutboxModule.forRoot({
        database: kind === 'a URL' ? line.url : pool,
        worker: { pollIntervalMs: 20 },
        timing,
        isGlobal: true,
      }),
      { log: () => undefined, warn: () => undefined, error: () => undefined },
    );
    try {
      await app.listen(0, '127.0.0.1');
      const { receipt } = await app.get(SmsOutbox).send({ to: '918563210001', content: 'hello' });
      expect(receipt?.accepted).toHaveLength(1);
      line.hold();
      const began = performance.now();
      await app.close();
      // `timeoutMs` and 5 s, and what a busy machine needs.
      expect(performance.now() - began).toBeLessThan(9_000);
    } finally {
      await line.cut();
    }
  },
);
