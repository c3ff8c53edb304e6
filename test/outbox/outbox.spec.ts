import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool, type PoolClient } from 'pg';
import { startApp } from './app.js';
import { startDatabase } from './database.js';
import { inTransaction } from './in-transaction.js';

describe('SmsOutbox', () => {
  let database: Awaited<ReturnType<typeof startDatabase>>;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>>;
  let outbox: SmsOutbox;

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    app = await startApp(sandbox, { database: database.url } satisfies LaafficOutboxOptions);
    outbox = app.get(SmsOutbox);
  });

  afterAll(async () => {
    await app.close();
    await sandbox.close();
    await database.close();
  });

  it('sends an enqueued message and reports its outcome', async () => {
    const { receipt, isNew } = await outbox.send({ to: '+91 8563 21412', content: 'Your code is 123456' });
    expect({ isNew, receipt }).toEqual({
      isNew: true,
      receipt: {
        accepted: [
          {
            number: '91856321412',
            orderId: expect.stringMatching(/^[0-9a-f]{8}\.1\.1\.0$/),
            msgId: expect.any(String),
          },
        ],
        rejected: [],
        unknown: [],
      },
    });
  });

  it('sends nothing from a transaction that is rolled back', async () => {
    const pool = new Pool({ connectionString: database.url });
    const enqueue = (to: string) => (client: PoolClient) =>
      outbox.enqueue({ to, content: 'x' }, { transaction: client });
    const lost = await inTransaction(pool, enqueue('918563210001'), 'rollback');
    const kept = await inTransaction(pool, enqueue('918563210002'));
    await pool.end();
    expect(await outbox.find(lost.id)).toBeUndefined();
    expect((await outbox.find(kept.id))?.recipients).toHaveLength(1);
  });

  it("keeps the app's own reference of a message, and shows it with the message everywhere", async () => {
    const pool = new Pool({ connectionString: database.url });
    const sms = { to: [{ number: '918563210004', orderId: 'mine-1' }, '918563210005'], content: 'x' };
    const { id } = await outbox.send(sms, { reference: 'order 7' });
    const { id: again } = await outbox.send(sms, { reference: 'order 7' });
    const { id: without } = await outbox.send(sms);
    sandbox.script({ fault: 'cut-after-accepting' });
    const { id: lost } = await outbox.send(sms, { reference: 'é “7”' });
    await pool.query(`update laaffic_outbox.chunk set state = 'held', held = size, unknown = 0 where id = $1`, [lost]);
    await outbox.resolveHeld(lost, 'abandon', { actor: 'a person', positions: [0] });
    const held: unknown[] = [];
    for await (const { messageId, reference, position } of outbox.listHeld())
      held.push([messageId, reference, position]);
    // A resent recipient moves into another chunk.
    await outbox.resolveHeld(lost, 'resend', { actor: 'a person' });
    const parts = await pool.query(`select reference from laaffic_outbox.chunk where root_id = $1`, [lost]);
    await pool.end();
    const references = await Promise.all(
      [id, again, without, lost].map(async (one) => (await outbox.find(one))?.reference),
    );
    expect(references).toEqual(['order 7', 'order 7', undefined, 'é “7”']);
    expect((await outbox.findByOrderId('mine-1'))?.reference).toBe('order 7');
    expect(held).toEqual([[lost, 'é “7”', 1]]);
    expect(parts.rows).toEqual([{ reference: 'é “7”' }]);
  });

  it('rejects a reference that it cannot store, and another reference with the same key', async () => {
    const sms = { to: '918563210003', content: 'x' };
    for (const reference of ['', ' ', 'x'.repeat(256), 'a\0b', '\ud800', 7, null]) {
      await expect(outbox.enqueue(sms, { reference: reference as string })).rejects.toMatchObject({
        issues: [{ field: 'reference', problem: expect.stringMatching(/^must /) }],
      });
    }
    await outbox.enqueue(sms, { reference: 'x'.repeat(255), idempotencyKey: 'referred' });
    await expect(outbox.enqueue(sms, { reference: 'other', idempotencyKey: 'referred' })).rejects.toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
    });
  });

  it('returns the same message for the same key', async () => {
    const first = await outbox.enqueue({ to: '918563210003', content: 'x' }, { idempotencyKey: 'k' });
    const second = await outbox.enqueue({ to: '918563210003', content: 'x' }, { idempotencyKey: 'k' });
    expect(first.isNew).toBe(true);
    expect(second).toEqual({ id: first.id, isNew: false });
    await expect(outbox.enqueue({ to: '918563210003', content: 'y' }, { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
    });
  });
});
