import type { INestApplicationContext } from '@nestjs/common';
import { metrics } from '@opentelemetry/api';
import { LaafficSandbox } from 'laaffic-sandbox';
import {
  OutboxOptionsError,
  SmsCampaigns,
  SmsOutbox,
  type LaafficOutboxOptions,
  type OutboxActivity,
} from 'nestjs-laaffic-outbox';
import { OutboxTelemetryModule } from 'nestjs-laaffic-outbox/telemetry';
import { Pool } from 'pg';
import { StatsReader } from '../../libs/laaffic-outbox/src/messages/stats.js';
import { failureOf } from '../module/account.js';
import { sdk } from '../telemetry/recorded.js';
import { startApp } from './app.js';
import { campaignOf, numbers } from './campaigns.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const TIMING = {
  startWithinMs: 2_500,
  timeoutMs: 2_500,
  leaseMs: 5_200,
  gracePeriodMs: 60_000,
  lookupIntervalMs: false,
  reportsAfterMs: false,
} as const;
const NUMBER = '918563210001';

let database: Awaited<ReturnType<typeof startDatabase>>;
let pool: Pool;
let sandbox: LaafficSandbox;
let otel: ReturnType<typeof sdk>;
let schema = '';
let schemas = 0;
let app: INestApplicationContext | undefined;

beforeAll(async () => {
  database = await startDatabase();
  pool = new Pool({ connectionString: database.url });
  sandbox = await LaafficSandbox.start();
});
beforeEach(() => {
  sandbox.reset();
  otel = sdk();
  schema = `telemetry_${++schemas}`;
});
afterEach(async () => {
  jest.restoreAllMocks();
  await endApp();
  metrics.disable();
});
afterAll(async () => {
  await sandbox.close();
  await pool.end();
  await database.close();
});

async function endApp() {
  await app?.close();
  app = undefined;
}

async function start(telemetry: object | undefined, options: Partial<LaafficOutboxOptions> = {}) {
  app = await startApp(
    sandbox,
    { database: database.url, schema, timing: TIMING, worker: { pollIntervalMs: 150 }, ...options },
    { imports: telemetry === undefined ? [] : [OutboxTelemetryModule.forRoot(telemetry)] },
  );
  return { outbox: app.get(SmsOutbox), campaigns: app.get(SmsCampaigns), close: endApp };
}

const points = async () =>
  Object.fromEntries((await otel.metrics()).map((metric) => [metric.name, metric.points] as const));
const labels = (lane: string, state?: string) => ({
  'laaffic.outbox.lane': lane,
  ...(state === undefined ? {} : { 'laaffic.outbox.state': state }),
});
const gauges = (backlog: number, unknown = 0, held = 0, paused = 0, bulkLimit = 1_000) => ({
  'laaffic.outbox.backlog': [[{}, backlog]],
  'laaffic.outbox.unknown': [[{}, unknown]],
  'laaffic.outbox.held': [[{}, held]],
  'laaffic.outbox.failed_events': [[{}, 0]],
  'laaffic.outbox.paused': [[{}, paused]],
  'laaffic.outbox.request.limit': [
    [labels('priority'), 1_000],
    [labels('bulk'), bulkLimit],
  ],
  'laaffic.outbox.lane.paused': [
    [labels('priority'), 0],
    [labels('bulk'), 0],
  ],
});

it('OutboxTelemetryModule counts changes, measures waiting times, and observes the backlog', async () => {
  const { outbox, campaigns } = await start({ meterProvider: otel.meterProvider });
  await outbox.send({ to: NUMBER, content: 'x' });
  sandbox.script({ status: -3 });
  await outbox.send({ to: [...numbers(2)], content: 'x' });
  sandbox.script({ fault: 'missing-items' });
  await outbox.send({ to: [...numbers(3)], content: 'x' });
  sandbox.script({ fault: 'cut-after-accepting' });
  await outbox.send({ to: [...numbers(4)], content: 'x' });
  const { id } = await campaigns.create(campaignOf({ recipients: numbers(5), sendAt: 'now' }));
  await until(async () => (await campaigns.find(id))?.state === 'done');
  await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendBefore: new Date(Date.now() - 1_000) });
  await until(async () => ((await points())['laaffic.outbox.chunks'] ?? []).length === 4);
  expect(await points()).toEqual({
    'laaffic.outbox.chunks': [
      [labels('priority', 'completed'), 3],
      [labels('priority', 'unknown'), 1],
      [labels('bulk', 'completed'), 1],
      [labels('priority', 'rejected'), 1],
    ],
    'laaffic.outbox.recipients': [
      [labels('priority', 'accepted'), 3],
      [labels('priority', 'rejected'), 3],
      [labels('priority', 'unknown'), 5],
      [labels('bulk', 'accepted'), 5],
    ],
    'laaffic.outbox.wait.duration': [
      [labels('priority'), 4],
      [labels('bulk'), 1],
    ],
    'laaffic.outbox.attempts': [
      [labels('priority'), 4],
      [labels('bulk'), 1],
    ],
    ...gauges(0, 5),
  });
});

it('OutboxTelemetryModule counts unknown outcomes', async () => {
  const { outbox } = await start({ meterProvider: otel.meterProvider }, { onUnconfirmed: { bulk: 'abandon' } });
  sandbox.script({ fault: 'missing-items' });
  await outbox.send({ to: [...numbers(2)], content: 'x' });
  sandbox.script({ fault: 'cut-after-accepting' });
  await outbox.send({ to: [...numbers(3)], content: 'x' }, { lane: 'bulk' });
  await pool.query(`update ${schema}.chunk set changed_at = changed_at - interval '1 hour'`);
  await until(async () => ((await points())['laaffic.outbox.chunks'] ?? []).length === 4);
  const found = await points();
  expect(found['laaffic.outbox.chunks']).toEqual([
    [labels('priority', 'completed'), 1],
    [labels('bulk', 'unknown'), 1],
    [labels('priority', 'held'), 1],
    [labels('bulk', 'abandoned'), 1],
  ]);
  expect(found['laaffic.outbox.recipients']).toEqual([
    [labels('priority', 'accepted'), 1],
    [labels('priority', 'unknown'), 1],
    [labels('bulk', 'unknown'), 3],
    [labels('priority', 'held'), 1],
    [labels('bulk', 'abandoned'), 3],
  ]);
  expect(found['laaffic.outbox.held']).toEqual([[{}, 1]]);
});

it('OutboxTelemetryModule observes a paused account, a limited lane, and what waits for them', async () => {
  const { outbox } = await start({ meterProvider: otel.meterProvider });
  sandbox.script({ status: -10, times: Infinity });
  await pool.query(
    `insert into ${schema}.lane_limit (account, lane, max_size, target_size, reason, probe_at)
      select id, 'bulk', 64, 1000, 'x', clock_timestamp() from ${schema}.account`,
  );
  await outbox.enqueue({ to: NUMBER, content: 'x' });
  await until(async () => ((await points())['laaffic.outbox.chunks'] ?? []).length === 1);
  expect(await points()).toEqual({
    'laaffic.outbox.chunks': [[labels('priority', 'pending'), 1]],
    'laaffic.outbox.wait.duration': [[labels('priority'), 1]],
    ...gauges(1, 0, 0, 1, 64),
  });
});

it('it observes which lane a person has paused', async () => {
  const { outbox } = await start({ meterProvider: otel.meterProvider }, { worker: false });
  const paused = async () => (await points())['laaffic.outbox.lane.paused'];
  await outbox.pauseLane('bulk', { actor: 'alice' });
  expect(await paused()).toEqual([
    [labels('priority'), 0],
    [labels('bulk'), 1],
  ]);
  await outbox.resumeLane('bulk', { actor: 'alice' });
  expect(await paused()).toEqual([
    [labels('priority'), 0],
    [labels('bulk'), 0],
  ]);
});

it('its metrics have units, descriptions, and labels without personal data', async () => {
  const { outbox } = await start({ meterProvider: otel.meterProvider });
  await outbox.send({ to: NUMBER, content: 'secret' });
  await until(async () => (await otel.metrics()).length === 11);
  const found = await otel.metrics();
  expect(found.map(({ name, unit }) => [name, unit]).sort()).toEqual([
    ['laaffic.outbox.attempts', '{request}'],
    ['laaffic.outbox.backlog', '{recipient}'],
    ['laaffic.outbox.chunks', '{chunk}'],
    ['laaffic.outbox.failed_events', '{event}'],
    ['laaffic.outbox.held', '{recipient}'],
    ['laaffic.outbox.lane.paused', '1'],
    ['laaffic.outbox.paused', '1'],
    ['laaffic.outbox.recipients', '{recipient}'],
    ['laaffic.outbox.request.limit', '{recipient}'],
    ['laaffic.outbox.unknown', '{recipient}'],
    ['laaffic.outbox.wait.duration', 's'],
  ]);
  expect(found.every(({ description }) => description.length > 10)).toBe(true);
  for (const secret of [NUMBER, 'secret']) expect(JSON.stringify(found)).not.toContain(secret);
});

it('it uses the global provider, even one that is registered later', async () => {
  const { outbox } = await start({});
  metrics.setGlobalMeterProvider(otel.meterProvider);
  await outbox.send({ to: NUMBER, content: 'x' });
  await until(async () => ((await points())['laaffic.outbox.chunks'] ?? []).length === 1);
  expect((await points())['laaffic.outbox.chunks']).toEqual([[labels('priority', 'completed'), 1]]);
});

it('it observes nothing after the app has shut down', async () => {
  const { close } = await start({ meterProvider: otel.meterProvider });
  const read = jest.spyOn(StatsReader.prototype, 'read');
  const before = await points();
  await close();
  await points();
  expect(before).toEqual(gauges(0));
  expect(read.mock.calls).toHaveLength(1);
});

it('it rejects wrong options at boot and names each of them', async () => {
  const error = await failureOf(start({ meterProvider: 5, tracerProvider: {} }));
  expect(error).toEqual(expect.any(OutboxOptionsError));
  expect((error as OutboxOptionsError).problems).toEqual([
    'telemetry.meterProvider must have the method getMeter',
    'telemetry.tracerProvider is not an option; known options: meterProvider',
  ]);
});

it('activityEvents work without it', async () => {
  const { outbox } = await start(undefined);
  const seen: OutboxActivity[] = [];
  const watch = outbox.activityEvents.subscribe((activity) => seen.push(activity));
  await outbox.send({ to: NUMBER, content: 'x' });
  await until(() => seen.length === 1);
  watch.unsubscribe();
  await outbox.send({ to: NUMBER, content: 'x' });
  expect(seen).toEqual([
    {
      state: 'completed',
      lane: 'priority',
      recipients: { accepted: 1, rejected: 0, unknown: 0 },
      request: { attempt: 1, waitedMs: expect.any(Number) },
    },
  ]);
});
