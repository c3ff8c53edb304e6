import { randomUUID } from 'node:crypto';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { context, diag, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { SmsVerification, type VerificationActivity } from 'nestjs-laaffic-verify';
import { VerificationTelemetryModule } from 'nestjs-laaffic-verify/telemetry';
import {
  FakeSmsVerification,
  LaafficVerifyTestingModule,
  type FakeVerificationOptions,
} from 'nestjs-laaffic-verify/testing';
import { MemoryStore } from '../../libs/laaffic-verify/src/testing/memory-store.js';
import { failureOf } from '../module/account.js';
import { sdk } from '../telemetry/recorded.js';

const TO = '+447400123456';
const REQUEST = { to: TO, purpose: 'sign-in' };

let otel: ReturnType<typeof sdk>;
let app: INestApplicationContext | undefined;

beforeEach(() => {
  otel = sdk();
});
afterEach(async () => {
  await app?.close();
  app = undefined;
  jest.restoreAllMocks();
  for (const api of [metrics, trace, context, diag]) api.disable();
});

async function start(telemetry?: object, options: FakeVerificationOptions = {}): Promise<FakeSmsVerification> {
  const imports = [
    LaafficVerifyTestingModule.forRoot({ countries: ['GB'], ...options }),
    VerificationTelemetryModule.forRoot(telemetry),
  ];
  @Module({ imports })
  class App {}
  app = await NestFactory.createApplicationContext(App, { logger: false, abortOnError: false });
  return app.get(FakeSmsVerification);
}

const both = () => ({ meterProvider: otel.meterProvider, tracerProvider: otel.tracerProvider });
const points = async () =>
  Object.fromEntries((await otel.metrics()).map((metric) => [metric.name, metric.points] as const));
const labels = (given: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name === 'error' ? 'error.type' : `laaffic.verification.${name}`,
      value,
    ]),
  );
const IN_GB = { purpose: 'sign-in', country: 'GB' };

/** One call with each result. */
async function playAll(verification: SmsVerification, codeOf: (id: string) => string) {
  const { id } = await verification.start(REQUEST, { session: 'one' });
  await verification.start(REQUEST, { session: 'one' });
  await failureOf(verification.start(REQUEST));
  await failureOf(verification.start({ ...REQUEST, to: '+4915112345678' }));
  await failureOf(verification.start({ ...REQUEST, purpose: '' }));
  await failureOf(verification.resend(id));
  await failureOf(verification.resend(randomUUID()));
  const code = codeOf(id);
  await verification.check({ id, purpose: 'sign-in', code: code === '000000' ? '000001' : '000000' });
  await failureOf(verification.check({ id, purpose: 'sign-in', code: '1' }));
  await verification.check({ id, purpose: 'sign-in', code });
  await verification.check({ id, purpose: 'sign-in', code });
  return code;
}

it('activityEvents emits every call when it ends, without numbers and codes', async () => {
  const verification = new FakeSmsVerification({ countries: ['GB'] });
  const activities: VerificationActivity[] = [];
  const subscription = verification.activityEvents.subscribe((activity) => activities.push(activity));
  const code = await playAll(verification, (id) => verification.codeOf(id));
  const told = (type: string, result: string, more: object = {}) => ({
    ...{ type, result, purpose: undefined, country: undefined, code: undefined, rule: undefined, shadowRules: [] },
    ...{ durationMs: expect.any(Number) as number, ...more },
  });
  expect(activities).toEqual([
    told('start', 'sent', IN_GB),
    told('start', 'waiting', IN_GB),
    told('start', 'rejected', { ...IN_GB, code: 'VERIFY_COOLDOWN', rule: 'cooldown' }),
    told('start', 'rejected', { ...IN_GB, country: 'DE', code: 'VERIFY_COUNTRY' }),
    told('start', 'rejected', { code: 'VERIFY_INVALID_REQUEST' }),
    told('resend', 'rejected', { ...IN_GB, code: 'VERIFY_COOLDOWN', rule: 'cooldown' }),
    told('resend', 'rejected', { code: 'VERIFY_OVER' }),
    told('check', 'wrong', { purpose: 'sign-in' }),
    told('check', 'rejected', { code: 'VERIFY_MALFORMED_CODE' }),
    told('check', 'approved', IN_GB),
    told('check', 'over', { purpose: 'sign-in' }),
  ]);
  const text = JSON.stringify(activities);
  for (const secret of [code, '7400123456']) expect(text).not.toContain(secret);
  subscription.unsubscribe();
  await failureOf(verification.start(REQUEST));
  expect(activities).toHaveLength(11);
});

it('VerificationTelemetryModule counts calls by result, and measures them', async () => {
  const verification = await start(both());
  await playAll(verification, (id) => verification.codeOf(id));
  const duration = (call: string, result: string) => labels({ call, result });
  expect(await points()).toEqual({
    'laaffic.verification.starts': [
      [labels({ result: 'sent', ...IN_GB }), 1],
      [labels({ result: 'waiting', ...IN_GB }), 1],
      [labels({ result: 'rejected', ...IN_GB, rule: 'cooldown', error: 'VERIFY_COOLDOWN' }), 1],
      [labels({ result: 'rejected', ...IN_GB, country: 'DE', error: 'VERIFY_COUNTRY' }), 1],
      [labels({ result: 'rejected', error: 'VERIFY_INVALID_REQUEST' }), 1],
    ],
    'laaffic.verification.resends': [
      [labels({ result: 'rejected', ...IN_GB, rule: 'cooldown', error: 'VERIFY_COOLDOWN' }), 1],
      [labels({ result: 'rejected', error: 'VERIFY_OVER' }), 1],
    ],
    'laaffic.verification.checks': [
      [labels({ result: 'wrong', purpose: 'sign-in' }), 1],
      [labels({ result: 'rejected', error: 'VERIFY_MALFORMED_CODE' }), 1],
      [labels({ result: 'approved', ...IN_GB }), 1],
      [labels({ result: 'over', purpose: 'sign-in' }), 1],
    ],
    'laaffic.verification.call.duration': [
      [duration('start', 'sent'), 1],
      [duration('start', 'waiting'), 1],
      [duration('start', 'rejected'), 3],
      [duration('resend', 'rejected'), 2],
      [duration('check', 'wrong'), 1],
      [duration('check', 'rejected'), 1],
      [duration('check', 'approved'), 1],
      [duration('check', 'over'), 1],
    ],
  });
});

it('VerificationTelemetryModule counts the alarms that were raised', async () => {
  const verification = await start(both(), { guard: { caps: { messagesPerHour: 1 } } });
  await verification.start(REQUEST);
  for (const to of ['+447400223456', '+447400323456']) await failureOf(verification.start({ ...REQUEST, to }));
  await verification.guard.findAlarms();
  expect((await points())['laaffic.verification.alarms']).toEqual([[labels({ alarm: 'cap' }), 1]]);
});

it('VerificationTelemetryModule counts what rules in shadow would have rejected', async () => {
  const verification = await start(both(), { guard: { shadow: 'all' } });
  for (let last = 0; last < 8; last++) await verification.start({ ...REQUEST, to: `+44740012370${last}` });
  expect((await points())['laaffic.verification.shadow.rejections']).toEqual([
    [labels({ rule: 'range', country: 'GB' }), 2],
  ]);
});

it('VerificationTelemetryModule makes a span of each call, below the span of the caller', async () => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const verification = await start(both());
  const tracer = otel.tracerProvider.getTracer('app');
  const traced = await tracer.startActiveSpan('sign in', async (span) => {
    await verification.start(REQUEST);
    await failureOf(verification.start(REQUEST));
    span.end();
    return span.spanContext();
  });
  const [sent, rejected] = otel.spans();
  expect(sent).toMatchObject({
    ...{ name: 'verification start', kind: 0, status: { code: 0 }, scope: 'nestjs-laaffic-verify' },
    ...{ attributes: labels({ result: 'sent', ...IN_GB }), traceId: traced.traceId, parent: traced.spanId },
  });
  expect(rejected).toMatchObject({
    ...{ name: 'verification start', status: { code: 0 }, parent: traced.spanId },
    attributes: labels({ result: 'rejected', ...IN_GB, rule: 'cooldown', error: 'VERIFY_COOLDOWN' }),
  });
  expect(sent!.seconds).toBeGreaterThanOrEqual(0);
  expect(sent!.seconds).toBeLessThan(60);
});

it('VerificationTelemetryModule marks the span of a failure', async () => {
  const verification = await start(both());
  const failure = Object.assign(new Error('+447400123456'), { code: 'OUTBOX_DATABASE_UNAVAILABLE' });
  jest.spyOn(MemoryStore.prototype, 'readOpen').mockRejectedValue(failure);
  expect(await failureOf(verification.resend(randomUUID()))).toBe(failure);
  expect(otel.spans()).toMatchObject([
    {
      ...{ name: 'verification resend', status: { code: 2, message: 'OUTBOX_DATABASE_UNAVAILABLE' } },
      attributes: labels({ result: 'failed', error: 'OUTBOX_DATABASE_UNAVAILABLE' }),
    },
  ]);
  expect(JSON.stringify(otel.spans())).not.toContain('7400123456');
});

it('VerificationTelemetryModule records to global providers that are registered after the boot', async () => {
  const verification = await start();
  await verification.start(REQUEST);
  metrics.setGlobalMeterProvider(otel.meterProvider);
  trace.setGlobalTracerProvider(otel.tracerProvider);
  await failureOf(verification.start(REQUEST));
  expect((await points())['laaffic.verification.starts']).toHaveLength(1);
  expect(otel.spans()).toHaveLength(1);
});

it('VerificationTelemetryModule does not disturb calls when it fails, and ends with the app', async () => {
  const error = jest.fn();
  diag.setLogger({ error, warn: jest.fn(), info: jest.fn(), debug: jest.fn(), verbose: jest.fn() });
  const getMeter = () => {
    throw new Error('broken');
  };
  const verification = await start({ meterProvider: { getMeter }, tracerProvider: otel.tracerProvider });
  expect(await verification.start(REQUEST)).toMatchObject({ sent: true });
  expect(error).toHaveBeenCalledWith('nestjs-laaffic-verify could not record an activity', new Error('broken'));
  await app?.close();
  app = undefined;
  await failureOf(verification.start(REQUEST));
  expect(error).toHaveBeenCalledTimes(1);
});

it.each([
  ['a misspelt field', { meterprovider: {} }, 'telemetry.meterprovider'],
  ['no meter provider', { meterProvider: {} }, 'telemetry.meterProvider'],
  ['no tracer provider', { tracerProvider: 1 }, 'telemetry.tracerProvider'],
])('VerificationTelemetryModule does not boot with %s, and names it', async (_, options, field) => {
  expect(await failureOf(start(options))).toMatchObject({
    ...{ name: 'VerificationOptionsError', message: expect.stringContaining(field) as string },
  });
});
