import { inspect } from 'node:util';
import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { context, diag, metrics, SpanKind, SpanStatusCode, trace, type TracerProvider } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LaafficSandbox } from 'laaffic-sandbox';
import { getSmsToken, LaafficOptionsError, SmsService, STATUS_TABLE } from 'nestjs-laaffic';
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';
import { failureOf } from '../module/account.js';
import { CALL_NAMES, FAST, make, secretsOf, type CallName } from './calls.js';
import { recorded, sdk } from './recorded.js';

const command = { to: '91856321412', content: 'hello world' };
const STARTED = ['laaffic.client.active_requests', 'laaffic.client.clock.offset'];
let sandbox: LaafficSandbox;
let otel: ReturnType<typeof sdk>;
let close: (() => Promise<void>) | undefined;

beforeAll(async () => {
  sandbox = await LaafficSandbox.start();
});
beforeEach(() => {
  sandbox.reset();
  sandbox.configure({ clockSkewSeconds: 0, onRequest: null });
  otel = sdk();
});
afterEach(async () => {
  await close?.();
  close = undefined;
  for (const api of [trace, metrics, context, diag]) api.disable();
});
afterAll(() => sandbox.close());

async function record(telemetry: Parameters<typeof LaafficTelemetryModule.forRoot>[0] = otel): Promise<SmsService> {
  const { tracerProvider, meterProvider } = telemetry;
  const app = await recorded({ baseUrl: sandbox.url, ...FAST }, { tracerProvider, meterProvider });
  close = app.close;
  return app.sms;
}

const server = () => ({ 'server.address': '127.0.0.1', 'server.port': Number(new URL(sandbox.url).port) });
const labels = (endpoint: string) => ({ 'laaffic.endpoint': endpoint, ...server() });
const ending = (outcome: string, code?: string) => ({
  'laaffic.outcome': outcome,
  ...(code === undefined ? {} : { 'error.type': code }),
});
const recipients = (total: number, accepted: number, rejected = 0, unknown = 0) => ({
  'laaffic.recipients.total': total,
  'laaffic.recipients.accepted': accepted,
  'laaffic.recipients.rejected': rejected,
  'laaffic.recipients.unknown': unknown,
});
const http = (status: number, gateway?: number) => ({
  'http.response.status_code': status,
  ...(gateway === undefined ? {} : { 'laaffic.status': gateway }),
});

type Expected = [endpoint: string, outcome: string, code: string | undefined, more: object];
const one = recipients(1, 1);
const failed = { rejected: recipients(1, 0, 1), unknown: recipients(1, 0, 0, 1) };
const again = (count: number) => ({ 'http.request.resend_count': count });

const EXPECTED: Record<CallName, Expected[]> = {
  'a send that is accepted': [['POST sendSms', 'accepted', undefined, { ...one, ...http(200, 0) }]],
  'a send by GET': [['GET sendSms', 'accepted', undefined, { ...one, ...http(200, 0) }]],
  'a send that is accepted in part': [
    ['POST sendSms', 'partial', undefined, { ...recipients(2, 1, 1), ...http(200, 0) }],
  ],
  'a send that leaves some unknown': [
    ['POST sendSms', 'partial', undefined, { ...recipients(3, 1, 1, 1), ...http(200, 0) }],
  ],
  'a send that is rejected as a whole': [
    ['POST sendSms', 'rejected', 'LAAFFIC_INSUFFICIENT_BALANCE', { ...failed.rejected, ...http(200, -10) }],
  ],
  'a send whose answer is lost': [['POST sendSms', 'unknown', 'LAAFFIC_CONNECTION_LOST', failed.unknown]],
  'a send without an answer in time': [['POST sendSms', 'unknown', 'LAAFFIC_TIMEOUT', failed.unknown]],
  'a send whose answer is a page': [
    ['POST sendSms', 'unknown', 'LAAFFIC_UNREADABLE_RESPONSE', { ...failed.unknown, ...http(502) }],
  ],
  'a send that is limited by a server in front': [
    ['POST sendSms', 'rejected', 'LAAFFIC_TOO_FREQUENT', { ...failed.rejected, ...http(429) }],
  ],
  'a send whose time is rejected once': [
    ['POST sendSms', 'rejected', 'LAAFFIC_TIMESTAMP_EXPIRED', { ...failed.rejected, ...http(200, -16) }],
    ['POST sendSms', 'accepted', undefined, { ...one, ...http(200, 0), ...again(1) }],
  ],
  'a batch': [['POST sendSms/batch', 'accepted', undefined, { ...recipients(3, 3), ...http(200, 0) }]],
  'a query that is answered': [['GET getBalance', 'answered', undefined, http(200, 0)]],
  'a query that is retried': [
    ['GET getReport', 'failed', 'LAAFFIC_CONNECTION_LOST', {}],
    ['GET getReport', 'failed', 'LAAFFIC_TOO_FREQUENT', { ...http(200, -15), ...again(1) }],
    ['GET getReport', 'answered', undefined, { ...http(200, 0), ...again(2) }],
  ],
  'a query that is rejected': [['POST postback/backfill', 'failed', 'LAAFFIC_AUTHENTICATION_FAILED', http(200, -1)]],
};

describe('each request has a span:', () => {
  it.each(CALL_NAMES)('%s', async (name) => {
    const sms = await record();
    await make(name, sms, sandbox);
    const expected = EXPECTED[name].map(([span, outcome, code, more]) => {
      const [method, endpoint = ''] = span.split(' ');
      return {
        name: span,
        kind: SpanKind.CLIENT,
        status: code === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: code },
        attributes: { 'http.request.method': method, ...labels(endpoint), ...ending(outcome, code), ...more },
        ...{ events: [], links: [], scope: 'nestjs-laaffic' },
        seconds: expect.any(Number),
        ...{ traceId: expect.any(String), spanId: expect.any(String), parent: undefined },
      };
    });
    expect(otel.spans()).toEqual(expected);
  });

  it("that is a child of the caller's active span, also for a retry", async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const sms = await record();
    const tracer = otel.tracerProvider.getTracer('app');
    const within = (name: string, call: CallName) =>
      tracer.startActiveSpan(name, async (span) => {
        await make(call, sms, sandbox);
        span.end();
        return span.spanContext();
      });
    const query = await within('query', 'a query that is retried');
    const send = await within('send', 'a send whose time is rejected once');
    const below = ({ spanId, traceId }: typeof query, name: string) => ({ name, parent: spanId, traceId });
    expect(otel.spans().map(({ name, parent, traceId }) => ({ name, parent, traceId }))).toEqual([
      ...Array.from({ length: 3 }, () => below(query, 'GET getReport')),
      { ...below(query, 'query'), parent: undefined },
      ...Array.from({ length: 2 }, () => below(send, 'POST sendSms')),
      { ...below(send, 'send'), parent: undefined },
    ]);
  });
});

describe('metrics', () => {
  it('count requests and recipients, and measure durations, the clock and requests in flight', async () => {
    const sms = await record();
    const inFlight: unknown[] = [];
    sandbox.configure({ onRequest: () => void inFlight.push(otel.metrics()) });
    await sms.send(command);
    await sms.getBalance();
    sandbox.configure({ onRequest: null });
    for (const name of ['a send that leaves some unknown', 'a send whose time is rejected once'] as const) {
      await make(name, sms, sandbox);
    }
    const rejected = [labels('sendSms'), ending('rejected', 'LAAFFIC_TIMESTAMP_EXPIRED')];
    const point = (value: number, ...parts: object[]) => [Object.assign({}, ...parts) as object, value];
    const requests = [
      point(2, labels('sendSms'), ending('accepted')),
      point(1, labels('getBalance'), ending('answered')),
      point(1, labels('sendSms'), ending('partial')),
      point(1, ...rejected),
    ];
    expect(await otel.metrics()).toEqual([
      {
        name: 'laaffic.client.active_requests',
        unit: '{request}',
        description: 'Requests to the SMS gateway that are in flight or wait for a connection',
        points: [point(0, labels('sendSms')), point(0, labels('getBalance'))],
      },
      {
        name: 'laaffic.client.requests',
        unit: '{request}',
        description: 'Requests to the SMS gateway by outcome, retries included',
        points: requests,
      },
      {
        name: 'laaffic.client.recipients',
        unit: '{recipient}',
        description: 'Recipients by outcome, without those of requests that were retried',
        points: [
          point(3, labels('sendSms'), ending('accepted')),
          point(1, labels('sendSms'), ending('rejected', 'LAAFFIC_RECIPIENT_REJECTED')),
          point(1, labels('sendSms'), ending('unknown', 'LAAFFIC_UNREADABLE_RESPONSE')),
        ],
      },
      {
        name: 'laaffic.client.request.duration',
        unit: 's',
        description: 'Duration of requests to the SMS gateway',
        points: requests,
      },
      {
        name: 'laaffic.client.clock.offset',
        unit: 's',
        description: "How far the SMS gateway's clock was ahead of this machine's at the last measurement",
        points: [[{}, expect.closeTo(7200, -1)]],
      },
    ]);
    expect(await otel.boundaries()).toEqual([
      ...[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 15],
    ]);
    const during = (await Promise.all(inFlight)) as Awaited<ReturnType<typeof otel.metrics>>[];
    expect(during.map((found) => found.map(({ name, points }) => [name, points.at(-1)]).slice(0, 1))).toEqual([
      [['laaffic.client.active_requests', point(1, labels('sendSms'))]],
      [['laaffic.client.active_requests', point(1, labels('getBalance'))]],
    ]);
  });

  it('have few values in each label, whatever the gateway says', async () => {
    const sms = await record();
    for (const name of CALL_NAMES) await make(name, sms, sandbox);
    sandbox.configure({ clockSkewSeconds: 0 });
    const bodies = Array.from({ length: 200 }, (_, i) =>
      JSON.stringify({ status: String(-1 - i), reason: `words ${i}` }),
    );
    for (const body of [...bodies, 'x', '[]', '{"status":"5","reason":"x"}', '{"status":"-16.5"}']) {
      sandbox.reset();
      sandbox.script({ fault: 'raw', body, times: null });
      await failureOf(sms.send(command));
    }
    sandbox.reset();
    const local = ['TIMEOUT', 'CONNECTION_LOST', 'UNREADABLE_RESPONSE', 'RECIPIENT_REJECTED', 'UNLISTED_STATUS'];
    const codes = [...[...STATUS_TABLE.values()].map(({ code }) => code), ...local.map((code) => `LAAFFIC_${code}`)];
    const values = new Map<string, Set<unknown>>();
    for (const [attributes] of (await otel.metrics()).flatMap(({ points }) => points)) {
      for (const [label, value] of Object.entries(attributes)) {
        values.set(label, (values.get(label) ?? new Set()).add(value));
      }
    }
    const sorted = Object.fromEntries([...values].map(([label, set]) => [label, [...set].sort()]));
    expect(sorted).toEqual({
      'laaffic.endpoint': ['getBalance', 'getReport', 'postback/backfill', 'sendSms', 'sendSms/batch'],
      'laaffic.outcome': ['accepted', 'answered', 'failed', 'partial', 'rejected', 'unknown'],
      'error.type': codes.sort(),
      'server.address': ['127.0.0.1'],
      'server.port': [Number(new URL(sandbox.url).port)],
    });
  });
});

it('spans and metrics have no secret, number, content or id', async () => {
  const sms = await record();
  const secrets: string[] = [];
  for (const name of CALL_NAMES) {
    await make(name, sms, sandbox);
    secrets.push(...secretsOf(sandbox));
  }
  const everything = [otel.spans(), await otel.metrics()];
  const whole = JSON.stringify(everything) + inspect(everything, { depth: 12, showHidden: true });
  expect(secrets.length).toBeGreaterThan(50);
  expect(secrets.filter((secret) => whole.includes(secret))).toEqual([]);
});

describe('LaafficTelemetryModule', () => {
  const names = async (of = otel) => (await of.metrics()).map(({ name }) => name);

  it('uses the global providers, which may be registered late', async () => {
    const sms = await record({});
    await sms.send(command);
    trace.setGlobalTracerProvider(otel.tracerProvider);
    metrics.setGlobalMeterProvider(otel.meterProvider);
    await sms.send(command);
    expect(otel.spans()).toHaveLength(1);
    expect(await names()).toHaveLength(5);
  });

  it('ends a request with the providers that it started with', async () => {
    metrics.setGlobalMeterProvider(otel.meterProvider);
    const later = sdk();
    const sms = await record({});
    sandbox.configure({
      onRequest: () => {
        metrics.disable();
        metrics.setGlobalMeterProvider(later.meterProvider);
      },
    });
    await sms.send(command);
    expect(await names()).toHaveLength(5);
    expect(await names(later)).toEqual([]);
    sandbox.configure({ onRequest: null });
    await sms.send(command);
    expect(await names(later)).toHaveLength(5);
  });

  it('records what is in flight at shutdown, and nothing after', async () => {
    const sms = await record();
    const arrived = new Promise<void>((resolve) => {
      sandbox.configure({
        onRequest: () => {
          resolve();
        },
      });
    });
    sandbox.script({ responseDelayMs: 50 });
    const call = sms.send(command);
    await arrived;
    await Promise.all([call, close?.()]);
    expect(otel.spans()).toMatchObject([{ name: 'POST sendSms', attributes: ending('accepted') }]);
    await failureOf(sms.send(command));
    expect(otel.spans()).toHaveLength(1);
    const [active] = await otel.metrics();
    expect(active).toMatchObject({ name: STARTED[0], points: [[labels('sendSms'), 0]] });
    close = undefined;
  });

  it('does not disturb a send if a provider throws', async () => {
    const told: unknown[] = [];
    const ignore = () => undefined;
    diag.setLogger({
      ...{ warn: ignore, info: ignore, debug: ignore, verbose: ignore },
      error: (...words) => told.push(words),
    });
    const tracerProvider: TracerProvider = {
      getTracer: () => {
        throw new RangeError('hostile');
      },
    };
    const sms = await record({ tracerProvider });
    expect(await sms.send(command)).toMatchObject({ accepted: { length: 1 } });
    expect(told).toEqual([['nestjs-laaffic could not record a request', new RangeError('hostile')]]);
  });

  it('labels accounts with their names, and accepts options from a factory', async () => {
    @Injectable()
    class Providers {
      readonly otel = otel;
    }
    @Module({ providers: [Providers], exports: [Providers] })
    class ProvidersModule {}
    const telemetry = (account?: string) =>
      LaafficTelemetryModule.forRootAsync({
        account,
        imports: [ProvidersModule],
        inject: [Providers],
        useFactory: ({ otel: { tracerProvider, meterProvider } }: Providers) => ({ tracerProvider, meterProvider }),
      });
    const imports = [undefined, 'marketing'].flatMap((account) => [
      LaafficTestingModule.forRoot({ account }),
      telemetry(account),
    ]);
    const app = await Test.createTestingModule({ imports }).compile();
    await app.init();
    for (const token of [SmsService, getSmsToken('marketing')]) await app.get<FakeSmsService>(token).send(command);
    const offset = (await otel.metrics()).find(({ name }) => name === STARTED[1]);
    await app.close();
    expect(otel.spans().map(({ attributes }) => attributes['laaffic.account'])).toEqual([undefined, 'marketing']);
    expect(offset?.points).toEqual([
      [{}, 0],
      [{ 'laaffic.account': 'marketing' }, 0],
    ]);
  });

  it('rejects wrong providers and unknown accounts at boot', async () => {
    const boot = async (options: object) => {
      const app = await Test.createTestingModule({ imports: [LaafficTelemetryModule.forRoot(options)] }).compile();
      await app.init();
    };
    const error = await failureOf(boot({ tracerProvider: {}, meterProvider: 5, metrics: true }));
    expect(error).toBeInstanceOf(LaafficOptionsError);
    expect((error as LaafficOptionsError).problems).toEqual([
      'telemetry.tracerProvider must have the method getTracer',
      'telemetry.meterProvider must have the method getMeter',
      'telemetry.metrics is not an option; known options: tracerProvider, meterProvider',
    ]);
    await expect(boot({ account: 'nonsense' })).rejects.toThrow(/could not find SmsService:nonsense/);
  });
});
