import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, OnRecipientState, SmsOutbox, type RecipientStateEvent } from 'nestjs-laaffic-outbox';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { Pool } from 'pg';
import { ACCOUNT } from '../module/account.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';
import { SOON } from './app.js';

const SECRET = 'kQ3v9sXw2LpZ7tRb';
const NUMBERS = ['918563210001', '918563210002'];

it('an app with both modules stores pushed reports without further code, calls its handlers, and responds with 200 after the commit', async () => {
  const database = await startDatabase();
  const sandbox = await LaafficSandbox.start({ deliveredAfterMs: null });

  const heard: string[] = [];
  @Injectable()
  class Listener {
    @OnRecipientState({ state: ['delivered', 'failed'] })
    changed({ messageId, recipients }: RecipientStateEvent) {
      for (const { position, state, reason = '' } of recipients)
        heard.push(`${messageId} ${position} ${state} ${reason}`);
    }
  }
  @Module({
    providers: [Listener],
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, timing: { ...SOON, lookupIntervalMs: false } }),
      LaafficWebhooksModule.forRoot({ secret: SECRET }),
    ],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  sandbox.configure({ pushReportsTo: `${await app.getUrl()}/laaffic/${SECRET}/reports` });
  const outbox = app.get(SmsOutbox, { strict: false });
  const pool = new Pool({ connectionString: database.url });
  const shown = async (id: string) => (await outbox.find(id))!.recipients.map(({ state, reason }) => [state, reason]);
  const pushed = () => sandbox.pushes.map(({ outcome }) => outcome);

  const known = await outbox.send({ to: NUMBERS, content: 'x' });
  sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
  const lost = await outbox.enqueue({ to: NUMBERS, content: 'x' });
  await until(async () => (await shown(lost.id))[0]![0] === 'unknown');
  const states = ['delivered', 'failed', 'delivered', 'failed'] as const;
  for (const [index, { msgId }] of sandbox.messages.entries())
    sandbox.setDeliveryState(msgId, states[index]!, { reason: 'EXPIRED' });
  await sandbox.waitForPushes();
  const expected = [
    ['delivered', undefined],
    ['failed', 'EXPIRED'],
  ];
  expect(await shown(known.id)).toEqual(expected);
  expect(await shown(lost.id)).toEqual(expected);
  expect(pushed()).toEqual(Array.from({ length: 4 }, () => 'acknowledged'));

  await until(() => heard.length === 4);
  const told = ({ id }: { id: string }) => [`${id} 0 delivered `, `${id} 1 failed EXPIRED`];
  expect(heard.sort()).toEqual([...told(known), ...told(lost)].sort());

  await pool.query(`alter table laaffic_outbox.recipient rename to gone`);
  sandbox.setDeliveryState(sandbox.messages[0]!.msgId, 'failed', { reason: 'LATER' });
  await sandbox.waitForPushes();
  await pool.query(`alter table laaffic_outbox.gone rename to recipient`);
  expect(pushed().at(-1)).not.toBe('acknowledged');
  await pool.end();
  await app.close();
  await sandbox.close();
  await database.close();
});

it('an app keeps the last thousand pushes that cannot be read, and lists the newest first', async () => {
  const database = await startDatabase();
  const sandbox = await LaafficSandbox.start();
  @Module({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: database.url, retentionMs: 86_400_000 }),
      LaafficWebhooksModule.forRoot({ secret: SECRET }),
    ],
  })
  class App {}
  const app = await NestFactory.create(App, { logger: false, abortOnError: false });
  await app.listen(0, '127.0.0.1');
  const outbox = app.get(SmsOutbox, { strict: false });
  const pool = new Pool({ connectionString: database.url });
  const push = async (route: string, body: string | Uint8Array<ArrayBuffer>) =>
    (await fetch(`${await app.getUrl()}/laaffic/${SECRET}/${route}`, { method: 'POST', body })).status;
  const kept = async (filter = {}) =>
    (await outbox.listUnreadablePushes(filter)).map(({ route, reason, bytes }) => [
      route,
      reason,
      bytes.toString('latin1'),
    ]);
  try {
    const bodies = ['{"mobile":"91856321412"', Buffer.from([0x7b, 0xff, 0x7d]), '{"msgid":1.5}'];
    for (const body of bodies) expect(await push('reports', body)).toBe(400);
    expect(await push('inbound', '{}')).toBe(400);
    const expected = [
      ['inbound', 'missing-fields', '{}'],
      ['reports', 'missing-fields', '{"msgid":1.5}'],
      ['reports', 'wrong-encoding', '{\xff}'],
      ['reports', 'malformed-json', '{"mobile":"91856321412"'],
    ];
    expect(await kept()).toEqual(expected);
    const [, second] = await outbox.listUnreadablePushes({ limit: 2 });
    expect(await kept({ before: second!.id, limit: 1 })).toEqual([expected[2]]);
    await expect(outbox.listUnreadablePushes({ before: 'x', limit: 101 })).rejects.toMatchObject({
      issues: [{ field: 'before' }, { field: 'limit' }],
    });

    await pool.query(`insert into laaffic_outbox.unreadable_push (account, route, reason, body, digest)
      select '${ACCOUNT.appId}', 'reports', 'malformed-json', 'x', int4send(n) from generate_series(1, 1000) n`);
    expect(await push('reports', 'the last one')).toBe(400);
    const { rows } = await pool.query('select count(*)::int as count from laaffic_outbox.unreadable_push');
    expect(rows).toEqual([{ count: 1_000 }]);
    expect((await kept({ limit: 1 }))[0]).toEqual(['reports', 'malformed-json', 'the last one']);
  } finally {
    await app.close();
    await pool.end();
    await sandbox.close();
    await database.close();
  }
});
