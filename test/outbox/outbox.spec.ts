import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { startApp } from './app.js';
import { startDatabase } from './database.js';

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

  it('sends what was enqueued, and says what became of it', async () => {
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

  it('sends nothing of a transaction that is rolled back', async () => {
    const pool = new Pool({ connectionString: database.url });
    const client = await pool.connect();
    await client.query('begin');
    const lost = await outbox.enqueue({ to: '918563210001', content: 'x' }, { transaction: client });
    await client.query('rollback');
    await client.query('begin');
    const kept = await outbox.enqueue({ to: '918563210002', content: 'x' }, { transaction: client });
    await client.query('commit');
    client.release();
    await pool.end();
    expect([await outbox.find(lost.id), (await outbox.find(kept.id))?.recipients.length]).toEqual([undefined, 1]);
  });

  it('gives the same message for the same key', async () => {
    const first = await outbox.enqueue({ to: '918563210003', content: 'x' }, { idempotencyKey: 'k' });
    const second = await outbox.enqueue({ to: '918563210003', content: 'x' }, { idempotencyKey: 'k' });
    expect([first.isNew, second]).toEqual([true, { id: first.id, isNew: false }]);
    await expect(outbox.enqueue({ to: '918563210003', content: 'y' }, { idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
    });
  });
});
