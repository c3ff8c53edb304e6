import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { Injectable, type LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { LaafficSandbox } from 'laaffic-sandbox';
import type { DeliveryReport } from 'nestjs-laaffic';
import { OnDeliveryReport, WebhookMetrics } from 'nestjs-laaffic/webhooks';
import { SmsOutbox, type OutboxRecipient } from 'nestjs-laaffic-outbox';
import { AppModule } from '../../src/app.module.js';
import { readConfiguration } from '../../src/configuration.js';
import { createApp } from '../../src/create-app.js';
import { ReportIntake } from '../../libs/laaffic-outbox/src/reports/report-intake.js';
import { cases } from '../cases.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';

const ACCOUNT = { appId: 'app-of-mine', apiKey: 'key-of-mine', apiSecret: 'secret-of-mine' };
const SECRET = 'a-secret-of-my-own-0123';
const HOUR = 3_600_000;
const COUNT = cases(10_000, 500);
const REQUESTS = 100;
const OVERTAKEN = 2;
const OVERTAKEN_RECIPIENTS = (COUNT / REQUESTS) * OVERTAKEN;
const RECIPIENTS = Array.from({ length: COUNT }, (_, index) => ({
  number: `9185${String(index).padStart(7, '0')}`,
  orderId: `order-${index}`,
}));

/** A number below 2 ** 32 that is as good as drawn, and the same in every run. */
const drawn = (text: string) => createHash('sha256').update(text).digest().readUInt32BE();

/** How often the handler fails for a number before it succeeds: 0 for a half of them, 1 for a quarter, and so on. */
const failuresOf = (number: string) => Math.clz32(drawn(number));

/** A part of the service that fails half of the time. */
@Injectable()
class Unreliable {
  readonly succeeded: string[] = [];
  /** Those it got before the service knew that the gateway had taken the message. */
  early = 0;
  failures = 0;
  readonly #failuresToCome = new Map(RECIPIENTS.map(({ number }) => [number, failuresOf(number)]));
  // Made once: to look up thousands of stacks in source maps would take longer than all the rest.
  readonly #failure = new RangeError('not this time');

  constructor(private readonly outbox: SmsOutbox) {}

  @OnDeliveryReport()
  async take({ msgId, number = '', orderId = '' }: DeliveryReport) {
    // Long enough for a copy to come in meanwhile.
    for (let turn = 0; turn < 10; turn++) await setImmediate();
    const left = this.#failuresToCome.get(number) ?? 0;
    if (left > 0) {
      this.#failuresToCome.set(number, left - 1);
      this.failures++;
      throw this.#failure;
    }
    this.succeeded.push(msgId);
    if (this.succeeded.length > OVERTAKEN_RECIPIENTS) return;
    const message = await this.outbox.findByOrderId(orderId);
    if (message?.recipients.every(({ state }) => state === 'sending')) this.early++;
  }
}

/** Keeps what went wrong. */
class TroubleLogger implements LoggerService {
  readonly lines: string[] = [];
  private readonly keep = (line: unknown) => {
    this.lines.push(String(line));
  };
  log = () => undefined;
  warn = this.keep;
  error = this.keep;
}

let database: TestDatabase;
let sandbox: LaafficSandbox;
let app: NestExpressApplication;
let url: string;
let now = Date.now();
const logger = new TroubleLogger();

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start({
    ...ACCOUNT,
    now: () => now,
    deliveredAfterMs: HOUR,
    failureRules: [{ number: /3$/, reason: 'EXPIRED' }, { number: /7$/ }],
    historyLimit: null,
    quirks: { pushDuplicates: 0.2, pushOrder: 'reversed', pushConcurrency: 16, pushRetries: 50, pushRetryDelayMs: 5 },
  });
  const whole = AppModule.forConfiguration.bind(AppModule);
  jest.spyOn(AppModule, 'forConfiguration').mockImplementation((configuration, where) => {
    const definition = whole(configuration, where);
    return { ...definition, providers: [...(definition.providers ?? []), Unreliable] };
  });
  const configuration = readConfiguration({
    WEBHOOK_SECRET: SECRET,
    LAAFFIC_APP_ID: ACCOUNT.appId,
    LAAFFIC_API_KEY: ACCOUNT.apiKey,
    LAAFFIC_API_SECRET: ACCOUNT.apiSecret,
    LAAFFIC_BASE_URL: sandbox.url,
    DATABASE_URL: database.url,
    RESPONSE_TIMEOUT_SECONDS: '60',
  });
  app = await createApp(configuration, logger);
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  sandbox.configure({ pushReportsTo: `${url}/laaffic/${SECRET}/reports` });
});

afterAll(async () => {
  jest.restoreAllMocks();
  await app.close();
  await sandbox.close();
  await database.close();
});

/** Answered with the status and the place of the message. */
async function send(to: typeof RECIPIENTS): Promise<[status: number, place: string]> {
  const answer = await fetch(`${url}/v1/messages`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ to, content: 'Your table is ready' }),
  });
  await answer.arrayBuffer();
  return [answer.status, answer.headers.get('location') ?? ''];
}

/** How many there are of each. */
function tally(texts: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const text of texts) counts[String(text)] = (counts[String(text)] ?? 0) + 1;
  return counts;
}

it('each of many reports is handled once, though a fifth come twice, out of order, or early, and the handler fails half of the time', async () => {
  const outbox = app.get(SmsOutbox, { strict: false });
  const unreliable = app.get(Unreliable);
  const takeDown = jest.spyOn(app.get(ReportIntake, { strict: false }), 'take');

  // Two requests are answered only when their reports have been pushed, until each is acknowledged.
  sandbox.script({ endpoint: 'sendSms', times: OVERTAKEN, quirks: { pushBeforeResponse: true } });
  const size = RECIPIENTS.length / REQUESTS;
  const requests = Array.from({ length: REQUESTS }, (_, index) => RECIPIENTS.slice(index * size, (index + 1) * size));
  const overtaken = await Promise.all(requests.slice(0, OVERTAKEN).map(send));
  const answers = [...overtaken, ...(await Promise.all(requests.slice(OVERTAKEN).map(send)))];
  expect(tally(answers.map(([status]) => String(status)))).toEqual({ 201: REQUESTS });
  expect(unreliable.early).toBe(OVERTAKEN_RECIPIENTS);
  const ledger = async () => {
    const messages = await Promise.all(answers.map(([, place]) => outbox.find(place.split('/').at(-1) ?? '')));
    return new Map(messages.flatMap((message) => message?.recipients ?? []).map((one) => [one.orderId, one]));
  };
  const states = (known: ReadonlyMap<string, OutboxRecipient>) => tally([...known.values()].map(({ state }) => state));
  // What came early is brought to its message a moment after the answer.
  const before = await until(async () => {
    const known = await ledger();
    return states(known).accepted === COUNT - OVERTAKEN_RECIPIENTS && known;
  });
  expect(states(before)).toEqual({
    accepted: COUNT - OVERTAKEN_RECIPIENTS,
    delivered: OVERTAKEN_RECIPIENTS * 0.8,
    failed: OVERTAKEN_RECIPIENTS * 0.2,
  });

  // The others end as the sandbox has it, in an order of our own: its copies always come right after their originals,
  // these come at any time.
  sandbox.configure({ quirks: { pushDuplicates: 0 } });
  now += HOUR;
  const others = sandbox.messages.filter(({ orderId }) => before.get(orderId!)?.state === 'accepted');
  const copies = others.filter((_, index) => index % 5 === 0);
  const places = [...others, ...copies].map(({ msgId }, index) => ({ msgId, place: drawn(String(index)) }));
  for (const { msgId } of places.sort((a, b) => a.place - b.place)) {
    const { state, reason } = sandbox.getDelivery(msgId);
    sandbox.setDeliveryState(msgId, state, { reason: reason! });
  }
  await sandbox.waitForPushes();

  const msgIds = sandbox.messages.map(({ msgId }) => msgId).sort();
  expect(new Set(msgIds).size).toBe(COUNT);
  expect(tally(sandbox.pushes.map(({ outcome }) => outcome))).toEqual({ acknowledged: COUNT * 1.2 });
  expect(takeDown.mock.calls.map(([{ msgId }]) => msgId).sort()).toEqual(msgIds);
  expect([...unreliable.succeeded].sort()).toEqual(msgIds);

  const known = sandbox.messages.map(({ msgId, number, orderId, at, price: total, segments }) => {
    const { state, reason } = sandbox.getDelivery(msgId);
    const why = state === 'failed' ? { reason } : {};
    const price = { total, currency: 'EUR', segments };
    const reported = { reportedAt: expect.any(Date), gatewayTime: new Date(at), price };
    return { orderId: orderId!, msgId, number, state, ...why, ...reported };
  });
  expect(tally(known.map(({ state, reason = '' }) => `${state} ${reason}`))).toEqual({
    'delivered ': COUNT * 0.8,
    'failed EXPIRED': COUNT * 0.1,
    'failed UNDELIV': COUNT * 0.1,
  });
  const after = await ledger();
  const told = (one: OutboxRecipient | undefined) => ({ ...one, position: undefined });
  expect(known.map(({ orderId }) => told(after.get(orderId)))).toEqual(known);
  // Each counts once, however often its report came.
  const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10);
  const costs = await outbox.getCosts({ from: dayOf(Date.now() - 24 * HOUR), to: dayOf(Date.now()) });
  expect(costs.reduce((sum, { recipients }) => sum + recipients, 0)).toBe(COUNT);
  expect(costs.reduce((sum, { total }) => sum + Math.round(Number(total) * 100), 0)).toBe(COUNT);
  const sample = known.filter((_, index) => index % 97 === 0);
  const shown = await Promise.all(
    sample.map(async ({ orderId }) => (await fetch(`${url}/v1/messages/${orderId}`)).json()),
  );
  expect(shown).toEqual(JSON.parse(JSON.stringify(sample.map(({ orderId }) => told(after.get(orderId))))));

  // Without these numbers the test could pass though nothing failed and nothing came twice.
  const failures = RECIPIENTS.reduce((sum, { number }) => sum + failuresOf(number), 0);
  expect(failures).toBeGreaterThan(COUNT * 0.95);
  expect(unreliable.failures).toBe(failures);
  expect(tally(logger.lines.map((line) => line.replace(/\d{19}[^]*/, '…')))).toEqual({
    'AppModule/Unreliable.take failed for the report on …': failures,
  });
  const attempts = sandbox.pushes.reduce((sum, push) => sum + push.attempts.length, 0);
  // A copy that came while its original was failing failed with it.
  expect(attempts).toBeGreaterThan(COUNT * 1.202 + failures);
  expect(app.get(WebhookMetrics)).toEqual({
    succeeded: COUNT * 1.2,
    failed: attempts - COUNT * 1.2,
    unreadable: 0,
    rejected: 0,
    // Of two handlers, each attempt runs each or finds that it has been run.
    duplicates: 2 * attempts - 2 * COUNT - failures,
  });
  // Up to 35,000 requests: on a busy machine they take minutes.
}, 400_000);
