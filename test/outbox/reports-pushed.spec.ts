import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, OnRecipientState, SmsOutbox, type RecipientStateEvent } from 'nestjs-laaffic-outbox';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { Pool } from 'pg';
import { ACCOUNT } from '../module/account.js';
import { startDatabase } from './database.js';
import { SHORT, until } from './reported-apps.js';

const SECRET = 'kQ3v9sXw2LpZ7tRb';
const NUMBERS = ['918563210001', '918563210002'];

it('an app with both modules takes pushed reports without doing anything, calls its handlers, and answers 200 once they are written down', async () => {
  const database = await startDatabase();
  const sandbox = await LaafficSandbox.start({ deliveredAfter: null });

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
      LaafficOutboxModule.forRoot({ database: database.url, timing: { ...SHORT, lookup: false } }),
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

  const settled = await outbox.send({ to: NUMBERS, content: 'x' });
  sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
  const lost = await outbox.enqueue({ to: NUMBERS, content: 'x' });
  await until(async () => (await shown(lost.id))[0]![0] === 'unknown');
  const states = ['delivered', 'failed', 'delivered', 'failed'] as const;
  for (const [index, { msgId }] of sandbox.messages.entries())
    sandbox.deliver(msgId, states[index]!, { reason: 'EXPIRED' });
  await sandbox.pushesDone();
  const expected = [
    ['delivered', undefined],
    ['failed', 'EXPIRED'],
  ];
  expect([await shown(settled.id), await shown(lost.id), pushed()]).toEqual([
    expected,
    expected,
    Array.from({ length: 4 }, () => 'acknowledged'),
  ]);

  await until(() => heard.length === 4);
  const told = ({ id }: { id: string }) => [`${id} 0 delivered `, `${id} 1 failed EXPIRED`];
  expect(heard.sort()).toEqual([...told(settled), ...told(lost)].sort());

  await pool.query(`alter table laaffic_outbox.message rename to gone`);
  sandbox.deliver(sandbox.messages[0]!.msgId, 'failed', { reason: 'LATER' });
  await sandbox.pushesDone();
  await pool.query(`alter table laaffic_outbox.gone rename to message`);
  expect(pushed().at(-1)).not.toBe('acknowledged');
  await pool.end();
  await app.close();
  await sandbox.close();
  await database.close();
});
