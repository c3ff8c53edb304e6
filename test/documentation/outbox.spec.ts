import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsCampaigns, SmsCosts, SmsInbox, SmsOptOuts, SmsOutbox, SmsTemplates } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { resolveHeld, springSale } from '../../examples/outbox-campaign.js';
import { costOfMessage, costsOfJanuary } from '../../examples/outbox-costs.js';
import { askForApproval, findSurprises, spendingOfJanuary } from '../../examples/outbox-prices.js';
import { sendOne } from '../../examples/outbox-embedded.js';
import { OrderMessages } from '../../examples/outbox-events.js';
import { decide, remind, review, sendCode, cancelMessage } from '../../examples/outbox-messages.js';
import { addOptOuts, reviewReplies } from '../../examples/outbox-opt-outs.js';
import { SealedModule, sendSealedCode } from '../../examples/outbox-sealed.js';
import { ShipmentMessages } from '../../examples/outbox-templates.js';
import { WatchedModule } from '../../examples/outbox-watching.js';
import { InboundIntake } from '../../libs/laaffic-outbox/src/reports/inbound-intake.js';
import { OutboxSettings } from '../../libs/laaffic-outbox/src/options/outbox.settings.js';
import { ACCOUNT } from '../module/account.js';
import { startApp } from '../outbox/app.js';
import { readAll } from '../outbox/campaigns.js';
import { startDatabase } from '../outbox/database.js';
import { SHORT } from '../outbox/stage.js';
import { until } from '../until.js';

const ROOT = join(__dirname, '../..');
const SOURCE = join(ROOT, 'libs/laaffic-outbox/src');
const readme = readFileSync(join(ROOT, 'libs/laaffic-outbox/README.md'), 'utf8');

/** The cells of all tables whose first cell is code. */
const rows = [...readme.matchAll(/^\| `([^`]+)`[^|]* \|(.*)\|$/gm)].map(([, name, rest]) => ({
  name: name!,
  cells: rest!.split('|').map((cell) => cell.trim()),
}));

describe('the README of the outbox', () => {
  it('names every option with its default, and no others', () => {
    const settings = new OutboxSettings({ database: 'postgres://localhost/app' });
    const { rate, timing, onUnconfirmed, worker } = settings;
    const flat = (path: string, fields: object) =>
      Object.entries(fields).map(([name, value]) => [`${path}.${name}`, value as unknown] as const);
    const expected = new Map<string, unknown>([
      ['schema', settings.schema],
      ['migrate', settings.migrate],
      ['worker', settings.worker !== undefined],
      ...flat('worker', {
        prioritySlots: worker?.slots.priority,
        bulkSlots: worker?.slots.bulk,
        pollIntervalMs: worker?.pollIntervalMs,
      }),
      ...flat('rate', rate),
      ...flat('timing', timing),
      ...flat('onUnconfirmed', onUnconfirmed),
      ['replies.scope', settings.replies.scope],
      ['retentionMs', settings.retentionMs],
      ['deleteAfterMs', settings.deleteAfterMs],
      ['idempotencyKeysKeptMs', settings.idempotencyKeysKeptMs],
    ]);
    const ofOptions = rows.filter(
      ({ name }) => expected.has(name) || /^(worker|rate|timing|onUnconfirmed)\./.test(name),
    );
    const shown = ofOptions.map(({ name, cells }) => [name, /^`(.+?)`/.exec(cells[1] ?? '')?.[1] ?? cells[1]] as const);
    const text = (value: unknown) => (value === undefined ? 'no limit' : JSON.stringify(value).replaceAll('"', ''));
    expect(Object.fromEntries(shown)).toEqual(
      Object.fromEntries([...expected].map(([name, value]) => [name, text(value)])),
    );
    // Every option is a setting of the same name, or a part of one.
    const source = readFileSync(join(SOURCE, 'options/outbox.options.ts'), 'utf8');
    const [, body = ''] = /interface LaafficOutboxOptions \{(.*?)^\}/ms.exec(source) ?? [];
    const fields = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, field]) => field!);
    expect(fields.filter((field) => !rows.some(({ name }) => name.split('.')[0] === field))).toEqual([]);
  });

  it('names every code that the source contains', () => {
    const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter(
      // Skip the list itself: a code that is never thrown needs no row.
      (file) => /(?<!\.spec)\.ts$/.test(file) && !file.endsWith('outbox.error.ts'),
    );
    const codes = files.flatMap((file) =>
      [...readFileSync(join(SOURCE, file), 'utf8').matchAll(/'(OUTBOX_[A-Z_]+)'/g)].map(([, code]) => code!),
    );
    expect(codes.length).toBeGreaterThan(20);
    expect([...new Set(codes)].filter((code) => !readme.includes(`\`${code}\``))).toEqual([]);
  });

  it('names every call', () => {
    const calls = [SmsOutbox, SmsCampaigns, SmsInbox, SmsOptOuts, SmsTemplates].flatMap(({ prototype }) =>
      Object.getOwnPropertyNames(prototype),
    );
    expect(calls).toContain('retryRejected');
    const isNamed = (call: string) => readme.includes(`\`${call}(`) || readme.includes(`\`${call}\``);
    expect(calls.filter((call) => call !== 'constructor' && !isNamed(call))).toEqual([]);
  });

  it('names every adapter of transactions under the name that is imported', () => {
    const files = readdirSync(join(SOURCE, 'transactions')).filter((file) => !file.endsWith('.spec.ts'));
    const adapters = files.map((file) => {
      const source = readFileSync(join(SOURCE, 'transactions', file), 'utf8');
      return [`nestjs-laaffic-outbox/${file.replace('.ts', '')}`, /export function (\w+)/.exec(source)?.[1]] as const;
    });
    expect(adapters).toHaveLength(6);
    const shown = readme.split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
    expect(
      adapters.filter(
        ([entry, name]) => !shown.some((cells) => cells[2] === `\`${entry}\`` && cells[3]?.startsWith(`\`${name}(`)),
      ),
    ).toEqual([]);
  });

  it('names every metric', () => {
    const source = readFileSync(join(SOURCE, 'telemetry/outbox-instruments.ts'), 'utf8');
    const names = [...source.matchAll(/(?:gauge\('|'laaffic\.outbox\.)([\w.]+)'/g)].map(([, name]) => name!);
    const labels = ['lane', 'state'];
    expect(names.length).toBeGreaterThan(7);
    const isShown = (name: string) => labels.includes(name) || readme.includes(`\`laaffic.outbox.${name}\``);
    expect(names.filter((name) => !isShown(name))).toEqual([]);
  });
});

describe('the examples of the outbox', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let sandbox: LaafficSandbox;
  const account = () => ({ ...ACCOUNT, baseUrl: sandbox.url });
  const contents = () => sandbox.messages.map(({ content }) => content);

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start({ deliveredAfterMs: null });
  });
  beforeEach(() => {
    sandbox.reset();
  });
  afterAll(async () => {
    await sandbox.close();
    await database.close();
  });

  /** Starts an app with its own schema. */
  const start = (schema: string, providers: Provider[] = []) =>
    startApp(
      sandbox,
      { database: database.url, schema, timing: SHORT, worker: { pollIntervalMs: 150 } },
      { providers },
    );

  /** What the modules of examples read. */
  function setEnvironment(more: Record<string, string> = {}): void {
    const { appId, apiKey, apiSecret, baseUrl } = account();
    Object.assign(process.env, {
      LAAFFIC_APP_ID: appId,
      LAAFFIC_API_KEY: apiKey,
      LAAFFIC_API_SECRET: apiSecret,
      LAAFFIC_BASE_URL: baseUrl,
      DATABASE_URL: database.url,
      ...more,
    });
  }

  it('store an order and its message, or neither', async () => {
    const pool = new Pool({ connectionString: database.url });
    await pool.query('create table orders (name text primary key)');
    setEnvironment();
    // The example reads its environment when it is loaded, so load it now.
    const { AppModule, Orders } = await import('../../examples/outbox.js');
    const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
    const orders = app.get(Orders);
    const id = await orders.place('1', '91856321412');
    await expect(orders.place('1', '91856321412')).rejects.toThrow('duplicate key');
    await until(() => sandbox.messages.length > 0);
    await until(async () => (await app.get(SmsOutbox).find(id))?.recipients[0]?.state === 'accepted');
    await app.close();
    const { rows: stored } = await pool.query('select name from orders');
    await pool.end();
    expect(stored).toEqual([{ name: '1' }]);
    expect(contents()).toEqual(['Your order is placed']);
  });

  it('send a code, cancel a message, and decide about held messages', async () => {
    const app = await start('docs_messages');
    const outbox = app.get(SmsOutbox);
    expect(await sendCode(outbox, '91856321412', '123456')).toMatch(/^\d+ was accepted$/);
    sandbox.script([{ status: -3 }, { fault: 'cut-after-accepting' }]);
    expect(await sendCode(outbox, '91856321412', '123456')).toMatch(/ was not sent: LAAFFIC_SENSITIVE_CONTENT$/);
    expect(await sendCode(outbox, '91856321413', '123456')).toMatch(/ may have been sent$/);
    const sms = { to: '91856321414', content: 'later' };
    const { id } = await outbox.enqueue(sms, { sendAt: new Date(Date.now() + 60_000) });
    expect(await cancelMessage(outbox, id)).toBe('never sent');
    expect(await cancelMessage(outbox, id)).toBe('cancelled');
    expect(await cancelMessage(outbox, '99')).toBe('there is no such message');

    sandbox.script({ fault: 'cut-before-reading' });
    await outbox.send({ to: '91856321415', content: 'lost' });
    await until(async () => (await readAll(outbox.listHeld())).length === 2);
    const asked: [string | undefined, boolean][] = [];
    await decide(outbox, app.get(SmsCampaigns), {
      has: (number, since) => {
        asked.push([number, since instanceof Date]);
        return Promise.resolve(sandbox.messages.some((message) => message.number === number));
      },
    });
    const states = await Promise.all(
      ['3', '5'].map(async (message) => (await outbox.find(message))?.recipients[0]?.state),
    );
    const reviewed = await review(outbox, new Date(Date.now() - 60_000));
    await app.close();
    expect(reviewed.map((line) => line.replace(/by (?!anna).*/, 'by a worker'))).toEqual([
      '2: 1 of 1 rejected',
      ...['abandoned by anna', 'marked as sent by anna', 'held by a worker', 'held by a worker'],
      ...['unknown by a worker', 'cancelled by anna', 'unknown by a worker'],
    ]);
    expect(asked).toEqual([
      ['91856321413', true],
      ['91856321415', true],
    ]);
    expect(states).toEqual(['accepted', 'abandoned']);
  });

  it('send texts with variables, in the language of the customer', async () => {
    const app = await start('docs_templates', [ShipmentMessages]);
    const messages = app.get(ShipmentMessages);
    await messages.onApplicationBootstrap();
    const anna = { id: 7, phone: '91856321412', name: 'Anna', language: 'pt-BR' };
    const first = await messages.tell(anna);
    expect(await messages.tell(anna)).toEqual({ id: first.id, isNew: false });
    await messages.tell({ id: 8, phone: '91856321413', name: undefined, language: 'de' });
    await until(() => sandbox.messages.length === 2);
    const shown = await messages.show('pt');
    const version = (await app.get(SmsTemplates).find('shipped'))?.version;
    await app.close();
    expect(contents().sort()).toEqual(['Hello friend, order 8 is on its way', 'Olá Anna, o pedido 7 está a caminho']);
    expect(shown).toBe('Olá amigo, o pedido 1 está a caminho (1 of ucs-2)');
    expect(version).toBe(1);
  });

  it('seal a code', async () => {
    setEnvironment({
      SMS_SEAL_KEYS: [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64')).join(),
    });
    const app = await NestFactory.createApplicationContext(SealedModule, { logger: false });
    const outbox = app.get(SmsOutbox);
    const id = await sendSealedCode(outbox, '91856321412', '123456');
    const found = await until(
      () => outbox.find(id),
      (message) => message?.recipients[0]?.state === 'accepted',
    );
    const { sealKeys } = await outbox.getStats();
    await app.close();
    expect(found?.sealed).toBe(true);
    expect(sealKeys).toEqual([]);
    expect(contents()).toEqual(['Your code is 123456']);
  });

  it('remind many people, and name the messages that are wrong', async () => {
    const app = await start('docs_many');
    const at = new Date(Date.now() + 3_600_000);
    async function* appointments() {
      for (const id of [1, 2, 3]) {
        yield await Promise.resolve({ id, phone: id === 2 ? 'none' : `9185632141${id}`, name: `No ${id}`, at });
      }
    }
    const outbox = app.get(SmsOutbox);
    expect(await remind(outbox, appointments())).toEqual({ added: 2, existing: 0, wrong: ['1: to'] });
    expect(await remind(outbox, appointments())).toEqual({ added: 0, existing: 2, wrong: ['1: to'] });
    await until(() => sandbox.messages.length === 2);
    await app.close();
    const time = at.toISOString().slice(11, 16);
    expect(contents().sort()).toEqual([1, 3].map((id) => `Dear No ${id}, your appointment is at ${time}`));
  });

  it('show what messages cost', async () => {
    const pool = new Pool({ connectionString: database.url, options: '-c search_path=docs_costs' });
    sandbox.configure({ quirks: { reportPriceDetail: 'plain' } });
    const timing = { ...SHORT, reportsAfterMs: 20 };
    const app = await startApp(sandbox, { database: database.url, schema: 'docs_costs', timing });
    const outbox = app.get(SmsOutbox);
    const { id } = await outbox.send({ to: ['91856321412', '91856321413'], content: 'x'.repeat(161) });
    await pool.query(`update chunk set sent_at = '2027-01-31T23:59:59Z'`);
    for (const { msgId } of sandbox.messages) sandbox.setDeliveryState(msgId, 'delivered');
    await until(async () => (await costOfMessage(outbox, id))?.length === 2);
    const [ofMessage, ofMonth] = [await costOfMessage(outbox, id), await costsOfJanuary(outbox, 2027)];
    await app.close();
    await pool.end();
    expect(ofMessage).toEqual(['0: 2 segments, 0.020000 EUR', '1: 2 segments, 0.020000 EUR']);
    expect(ofMonth).toEqual(['2027-01-31\tunknown\t2\t4\t0.04 EUR']);
  });

  it('review replies, and add opt-outs of other channels', async () => {
    const app = await start('docs_opt_outs');
    const intake = app.get(InboundIntake, { strict: false });
    for (const content of ['please no more', 'no more questions']) {
      await intake.take({ from: '447400123458', content, at: new Date() });
    }
    const optOuts = app.get(SmsOptOuts);
    const inbox = app.get(SmsInbox);
    const read: unknown[] = [];
    await reviewReplies(inbox, async (content) => read.push(content) > 0 && content === 'please no more');
    expect(await addOptOuts(optOuts, ['+44 7400 123457', 'x'])).toEqual({ added: 1, known: 0, invalid: [1] });
    expect((await optOuts.list()).map(({ number, endedAt }) => [number, endedAt === undefined])).toEqual([
      ...[
        ['447400123456', true],
        ['447400123457', false],
      ],
      ...read.slice(0, 1).map(() => ['447400123458', true]),
    ]);
    await app.close();
  });

  it('estimate a sale, and show prices and spending', async () => {
    const pool = new Pool({ connectionString: database.url, options: '-c search_path=docs_prices' });
    sandbox.configure({ quirks: { reportPriceDetail: 'plain' } });
    const timing = { ...SHORT, reportsAfterMs: 20 };
    const prices = { GB: { price: '0.04', currency: 'EUR' } };
    const app = await startApp(sandbox, { database: database.url, schema: 'docs_prices', timing, prices });
    const [outbox, costs] = [app.get(SmsOutbox), app.get(SmsCosts)];
    const { id } = await outbox.send({ to: '91856321412', content: 'x'.repeat(161) });
    await pool.query(`update chunk set sent_at = '2027-01-31T23:59:59Z'`);
    const { msgId } = (await outbox.find(id))!.recipients[0]!;
    sandbox.setDeliveryState(msgId!, 'delivered');
    await until(async () => (await outbox.find(id))?.recipients[0]?.price !== undefined);
    const spending = await spendingOfJanuary(costs, 2027);
    await pool.query('delete from cost_delta; delete from price; delete from cost');
    await pool.query(`insert into cost_delta (account, day, country, mcc, mnc, currency, unit, recipients, segments, total,
      expected, differing) values ('${ACCOUNT.appId}', now() at time zone 'UTC', 'IN', '', '', 'USD', 0.01, 1, 3, 0.03, 2, 1)`);
    const sale = await askForApproval(costs, ['91856321412', '447400123456', '14165550100', '870773111632'], 'Sale');
    const surprises = await findSurprises(costs);
    await app.close();
    await pool.end();
    expect(spending).toEqual(['IN: 0.02 EUR']);
    expect(sale).toEqual([
      ...['4 recipients, 1 parts each', '0.04 EUR', '0.015 USD', 'no price for 1 in CA', 'no price for 1 with +870'],
    ]);
    expect(surprises).toEqual(['IN: 3 instead of 2 parts']);
  });

  it('send a campaign, and decide about its held recipients', async () => {
    const log = jest.spyOn(console, 'log').mockReturnValue();
    const app = await start('docs_campaign');
    const campaigns = app.get(SmsCampaigns);
    const { id, invalid } = await springSale(campaigns, ['91856321412', 'x', '91856321413', '91856321412']);
    expect(log).toHaveBeenLastCalledWith('2 of 4');
    log.mockRestore();
    expect(invalid).toEqual([expect.stringMatching(/^1: /), '3: the number occurred before']);

    sandbox.script({ fault: 'cut-after-accepting' });
    const { id: lost } = await campaigns.create({
      ...{ name: 'lost', content: 'hello', sendAt: 'now' },
      recipients: ['91856321412', '91856321413'],
    });
    await until(async () => (await campaigns.getProgress(lost)).held === 2);
    expect(await resolveHeld(campaigns, lost, new Set(['91856321413']))).toEqual({ found: 1, abandoned: 1, resent: 0 });
    expect(await campaigns.getProgress(lost)).toMatchObject({ accepted: 1, abandoned: 1, held: 0 });
    expect((await campaigns.find(id))?.state).toBe('done');
    await app.close();
  });

  it("keep an app's own rows up to date", async () => {
    const lines: unknown[] = [];
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => void lines.push(line));
    jest.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void lines.push(line));
    const pool = new Pool({ connectionString: database.url, options: '-c search_path=shop' });
    await pool.query('create schema shop create table orders (name text primary key, sms text)');
    await pool.query(`insert into orders (name) values ('1'), ('2')`);
    const app = await start('docs_events', [OrderMessages, { provide: Pool, useValue: pool }]);
    const orders = async () =>
      (await pool.query<{ sms: string | null }>('select sms from orders order by name')).rows.map(({ sms }) => sms);
    await app.get(OrderMessages).notify('1', '91856321412');
    await until(async () => (await orders())[0] === 'accepted');
    sandbox.script({ fault: 'cut-after-accepting' });
    await app.get(OrderMessages).notify('2', '91856321413');
    await until(async () => (await orders())[1] === 'held');
    await app.get(SmsCampaigns).create({ name: 'spring', content: 'x', recipients: ['91856321412'], sendAt: 'now' });
    await until(() => lines.includes('spring: 1 of 1'));
    await app.close();
    jest.restoreAllMocks();
    const rows = await orders();
    await pool.end();
    expect(rows).toEqual(['accepted', 'held']);
    expect(lines.filter((line) => String(line).startsWith('Message'))).toEqual([
      'Message 2: 1 recipients need a decision',
    ]);
  });

  it('report the health of the outbox', async () => {
    const app = await NestFactory.create(WatchedModule.for(account(), database.url), { logger: false });
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/health`);
    await app.close();
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ status: 'ok', details: { outbox: { account: 'works', held: 0 } } });
  });

  it('run an embedded server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'laaffic-example-'));
    // When root runs the tests, the server runs as another user, who must enter the folder.
    await chmod(folder, 0o755);
    const receipt = await sendOne(account(), folder, '91856321412');
    const isRunning = existsSync(join(folder, 'cluster', 'data', 'postmaster.pid'));
    await rm(folder, { recursive: true, force: true });
    expect(receipt?.accepted).toHaveLength(1);
    expect(isRunning).toBe(false);
  });
});
