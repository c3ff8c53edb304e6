import { Inject, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthIndicatorService } from '@nestjs/terminus';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import {
  getOutboxToken,
  InjectCampaigns,
  InjectOutbox,
  InjectTemplates,
  LaafficOutboxModule,
  OnRecipientState,
  SmsCampaigns,
  SmsOutbox,
  SmsTemplates,
  type RecipientStateEvent,
} from 'nestjs-laaffic-outbox';
import { getOutboxHealthToken, OutboxHealthIndicator, OutboxHealthModule } from 'nestjs-laaffic-outbox/health';
import { OutboxTelemetryModule } from 'nestjs-laaffic-outbox/telemetry';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { Pool } from 'pg';
import { ACCOUNT } from '../module/account.js';
import { startDatabase, type TestDatabase } from './database.js';
import { until } from '../until.js';
import { SOON } from './app.js';

const MARKETING = { appId: 'mktApp01', apiKey: 'mktKey01', apiSecret: 'mktSecret01' };
const SECRET = 'kQ3v9sXw2LpZ7tRb';

describe('two outboxes in one app, one account for codes and one for marketing,', () => {
  let database: TestDatabase;
  let codes: LaafficSandbox;
  let marketing: LaafficSandbox;

  beforeAll(async () => {
    database = await startDatabase();
    codes = await LaafficSandbox.start({ deliveredAfterMs: null });
    marketing = await LaafficSandbox.start({ ...MARKETING, deliveredAfterMs: null });
  });
  afterAll(async () => {
    await codes.close();
    await marketing.close();
    await database.close();
  });

  @Injectable()
  class Sender {
    readonly heard: string[] = [];
    constructor(
      readonly outbox: SmsOutbox,
      readonly campaigns: SmsCampaigns,
      @InjectOutbox('marketing') readonly marketing: SmsOutbox,
      @InjectCampaigns('marketing') readonly marketingCampaigns: SmsCampaigns,
      readonly templates: SmsTemplates,
      @InjectTemplates('marketing') readonly marketingTemplates: SmsTemplates,
      @Inject(getOutboxToken()) readonly same: SmsOutbox,
    ) {}

    @OnRecipientState({ state: ['delivered', 'failed'] })
    changed({ appId, recipients }: RecipientStateEvent) {
      for (const { number, state } of recipients) this.heard.push(`${appId} ${number} ${state}`);
    }
  }

  it('send with their own accounts, get their own reports, and have their own health and metrics', async () => {
    const metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const meterProvider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: metrics, exportIntervalMillis: 2 ** 31 - 1 })],
    });
    const outbox = { database: database.url, timing: { ...SOON, lookupIntervalMs: false } } as const;
    @Module({
      providers: [Sender, HealthIndicatorService],
      imports: [
        LaafficModule.forRoot({ ...ACCOUNT, baseUrl: codes.url, isGlobal: true }),
        LaafficModule.forRoot({ account: 'marketing', ...MARKETING, baseUrl: marketing.url, isGlobal: true }),
        LaafficOutboxModule.forRoot(outbox),
        LaafficOutboxModule.forRoot({ ...outbox, account: 'marketing' }),
        LaafficWebhooksModule.forRoot({ secret: SECRET }),
        OutboxHealthModule.forRoot(),
        OutboxHealthModule.forRoot({ account: 'marketing' }),
        OutboxTelemetryModule.forRoot({ meterProvider }),
        OutboxTelemetryModule.forRoot({ meterProvider, account: 'marketing' }),
      ],
    })
    class App {}
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const reports = `${await app.getUrl()}/laaffic/${SECRET}/reports`;
    for (const sandbox of [codes, marketing]) sandbox.configure({ pushReportsTo: reports });
    const sender = app.get(Sender);
    expect(sender.same).toBe(sender.outbox);

    const code = await sender.outbox.send({ to: '918563210001', content: 'Your code is 482913' });
    // Both accounts have a template of this name.
    for (const [templates, text] of [
      [sender.templates, 'Not this'],
      [sender.marketingTemplates, 'News'],
    ] as const) {
      await templates.put('news', { texts: { en: text }, defaultLocale: 'en' }, { actor: 'alice' });
    }
    const news = await sender.marketing.send({ to: '918563210002', template: { name: 'news' } });
    expect(marketing.messages.map(({ content }) => content)).toEqual(['News']);
    const { id } = await sender.marketingCampaigns.create({
      name: 'sale',
      content: 'Sale',
      recipients: ['918563210003'],
      sendAt: 'now',
    });
    await until(async () => (await sender.marketingCampaigns.find(id))?.state === 'done');
    expect([code, news].map(({ receipt }) => receipt?.accepted.length)).toEqual([1, 1]);
    expect(codes.messages.map(({ number, appId }) => [number, appId])).toEqual([['918563210001', ACCOUNT.appId]]);
    expect(marketing.messages.map(({ number, appId }) => [number, appId])).toEqual([
      ['918563210002', MARKETING.appId],
      ['918563210003', MARKETING.appId],
    ]);
    expect(await sender.outbox.find(news.id)).toBeUndefined();
    expect(await sender.campaigns.list()).toEqual([]);

    codes.setDeliveryState(codes.messages[0]!.msgId, 'delivered');
    for (const { msgId } of marketing.messages) marketing.setDeliveryState(msgId, 'failed', { reason: 'EXPIRED' });
    await Promise.all([codes.waitForPushes(), marketing.waitForPushes()]);
    await until(() => sender.heard.length === 3);
    expect(sender.heard.sort()).toEqual([
      `${ACCOUNT.appId} 918563210001 delivered`,
      `${MARKETING.appId} 918563210002 failed`,
      `${MARKETING.appId} 918563210003 failed`,
    ]);
    const pool = new Pool({ connectionString: database.url });
    const { rows } = await pool.query('select account from laaffic_outbox.unmatched_report');
    await pool.end();
    expect(rows).toEqual([]);

    // A pause concerns one account only.
    marketing.script({ status: -10, times: Infinity });
    await sender.marketing.enqueue({ to: '918563210004', content: 'x' });
    await until(async () => (await sender.marketing.getStats()).paused !== undefined);
    const [own, other] = await Promise.all([
      app.get(OutboxHealthIndicator).isHealthy(),
      app.get<OutboxHealthIndicator>(getOutboxHealthToken('marketing')).isHealthy('marketing'),
    ]);
    expect(own.outbox.status).toBe('up');
    expect(other.marketing.status).toBe('down');
    await meterProvider.forceFlush();
    const paused = metrics
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics: all }) => all))
      .filter(({ descriptor }) => descriptor.name === 'laaffic.outbox.paused')
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => [attributes['laaffic.account'], value]));
    expect(new Set(paused.map(String))).toEqual(new Set([',0', 'marketing,1']));
    await app.close();
    await meterProvider.shutdown();
  });
});
