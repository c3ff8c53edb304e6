import { randomBytes } from 'node:crypto';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import type { OutboxExtension, Statement } from 'nestjs-laaffic-outbox/extension';
import { failureOf } from '../module/account.js';
import { openStore } from '../verify/open-store.js';
import { Stage } from './stage.js';

/** Decides as it is told, and notes what it has decided. */
const decide: Statement<
  { readonly enqueues: string; readonly messageId: string | null },
  { readonly enqueues: boolean; readonly reserved: string }
> = {
  name: 'decide',
  params: ['messageId', 'enqueues'],
  text: `select d.enqueues, d.reserved from public.decide($2::text::boolean, $1::text::bigint) d`,
};
const message = (options: { readonly idempotencyKey?: string; readonly sealed?: boolean } = {}, to = '6512345678') => ({
  command: { to, content: 'Hello' },
  options: { lane: 'bulk' as const, ...options },
});

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.set();
  await stage.query('create table public.decided (enqueues boolean not null)');
  await stage.query(`create function public.decide(p_enqueues boolean, p_message_id bigint, out enqueues boolean, out reserved text)
    language plpgsql as $$ begin
      insert into public.decided values (p_enqueues);
      enqueues := p_enqueues;
      reserved := p_message_id::text;
    end $$`);
});
afterAll(() => stage.close());

describe.each([
  ['a database of its own', () => stage.database.url],
  ['the pool of the app', () => stage.pool],
])('on %s, a statement that decides about a message', (_, database) => {
  let extension: OutboxExtension;
  let outbox: SmsOutbox;
  beforeAll(async () => {
    ({ extension, outbox } = await openStore(stage, undefined, { database: database(), sealKeys: [randomBytes(32)] }));
  });
  beforeEach(() => stage.query('delete from public.decided'));
  const decisions = async () => (await stage.query<{ enqueues: boolean }>('select * from public.decided')).length;

  it('stores it with the id that it was told', async () => {
    const row = await extension.runWithMessage(decide, { enqueues: 'true' }, message());
    expect(row).toMatchObject({ enqueues: true, reserved: expect.stringMatching(/^\d+$/) as string });
    expect(await outbox.find(row.reserved)).toMatchObject({
      ...{ id: row.reserved, lane: 'bulk', recipients: [{ number: '6512345678', state: 'pending' }] },
    });
    expect(await decisions()).toBe(1);
  });

  it('stores none', async () => {
    const { reserved } = await extension.runWithMessage(decide, { enqueues: 'false' }, message());
    expect([await outbox.find(reserved), await decisions()]).toEqual([undefined, 1]);
  });

  it('stores both or neither in a transaction of the app', async () => {
    const client = await stage.pool.connect();
    try {
      const reserved: string[] = [];
      for (const end of ['rollback', 'commit']) {
        await client.query('begin');
        const row = await extension.runWithMessage(decide, { enqueues: 'true' }, message({ sealed: true }), client);
        reserved.push(row.reserved);
        await client.query(end);
      }
      const found = await Promise.all(reserved.map((id) => outbox.find(id)));
      expect([found.map((each) => each?.id), await decisions()]).toEqual([[undefined, reserved[1]], 1]);
    } finally {
      client.release();
    }
  });

  it('is not run for a message that cannot be sent', async () => {
    const wrong = message({}, 'no number');
    expect(await failureOf(extension.runWithMessage(decide, { enqueues: 'true' }, wrong))).toMatchObject({
      ...{ name: 'LaafficInputException', issues: [{ field: 'to' }] },
    });
    const pool = stage.pool;
    const given = extension.runWithMessage(decide, { enqueues: 'true' }, message(), pool);
    expect(await failureOf(given)).toMatchObject({ code: 'OUTBOX_INVALID_TRANSACTION' });
    expect(await decisions()).toBe(0);
  });

  it('tells that its idempotency key was used', async () => {
    const once = message({ idempotencyKey: randomBytes(8).toString('hex') });
    await extension.runWithMessage(decide, { enqueues: 'true' }, once);
    const again = extension.runWithMessage(decide, { enqueues: 'true' }, once);
    expect(await failureOf(again)).toMatchObject({ code: 'OUTBOX_KEY_REUSED' });
  });
});
