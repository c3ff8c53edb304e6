import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox, SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';

let database: TestDatabase;
let sandbox: LaafficSandbox;
let app: INestApplication | undefined;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
});
afterAll(async () => {
  await app?.close();
  await sandbox.close();
  await database.close();
});

it('the example signs a user in by a code, and says what is wrong', async () => {
  Object.assign(process.env, {
    LAAFFIC_API_KEY: SAMPLE_ACCOUNT.apiKey,
    LAAFFIC_API_SECRET: SAMPLE_ACCOUNT.apiSecret,
    LAAFFIC_APP_ID: SAMPLE_ACCOUNT.appId,
    LAAFFIC_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    SEAL_KEY: randomBytes(32).toString('base64'),
    VERIFY_KEY: randomBytes(32).toString('base64'),
  });
  const { AppModule } = await import('../../examples/verification.js');
  app = await NestFactory.create(AppModule, { logger: false });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const post = async (path: string, body: object) => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };

  const started = await post('/sign-in', { phone: '+44 7400 123456' });
  expect(started).toMatchObject({ status: 201, body: { sent: true, to: '+447…456', digits: 6 } });
  const { id } = started.body;
  const [message] = await until(
    () => sandbox.messages,
    (messages) => messages.length === 1,
  );
  const code = /#(\d{6})$/.exec(message!.content)![1]!;
  const wrong = code === '000000' ? '000001' : '000000';
  expect(await post('/sign-in/check', { id, code: wrong })).toEqual({
    ...{ status: 401, body: { status: 'wrong', attemptsLeft: 4 } },
  });
  expect(await post('/sign-in/check', { id, code })).toEqual({ status: 201, body: { number: '+447400123456' } });
  expect(await post('/sign-in/check', { id, code })).toEqual({ status: 401, body: { status: 'over' } });
  expect(await post('/sign-in', { phone: '12' })).toMatchObject({
    ...{ status: 400, body: { code: 'VERIFY_INVALID_NUMBER', field: 'to' } },
  });
  expect(await post('/sign-in', { phone: '+44 7400 123456' })).toMatchObject({
    ...{ status: 429, body: { code: 'VERIFY_COOLDOWN', retryAfterSeconds: expect.any(Number) } },
  });
});
