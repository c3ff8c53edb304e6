import { LaafficSandbox } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { SOON, startApp } from './app.js';
import { startDatabase } from './database.js';
import { until } from '../until.js';

const NUMBERS = ['918563210001', '918563210002'];

describe('retention', () => {
  it('erases numbers, texts and reasons of ended messages, and nothing of held ones', async () => {
    const database = await startDatabase();
    const sandbox = await LaafficSandbox.start({ deliveredAfterMs: null });
    const pool = new Pool({ connectionString: database.url, options: '-c search_path=laaffic_outbox' });
    const options: LaafficOutboxOptions = {
      database: database.url,
      timing: { ...SOON, lookupIntervalMs: false, gracePeriodMs: 500 },
    };
    const app = await startApp(sandbox, { ...options, retentionMs: 1_000_000 });
    const outbox = app.get(SmsOutbox);
    const accepted = await outbox.send({ to: NUMBERS, content: 'x' }, { reference: 'order 7' });
    sandbox.script([{ endpoint: 'sendSms', status: -3 }]);
    const rejected = await outbox.send({ to: NUMBERS, content: 'x' });
    await pool.query(`update chunk set state = 'rejected', code = 'x', reason = 'y' where id = $1`, [rejected.id]);
    await pool.query(`delete from recipient where chunk_id = $1`, [rejected.id]);
    sandbox.script([{ endpoint: 'sendSms', fault: 'cut-after-accepting' }]);
    const held = await outbox.enqueue({ to: NUMBERS, content: 'x' });
    await until(async () => (await outbox.find(held.id))!.recipients[0]!.state === 'held');
    const campaign = await pool.query<{ id: string }>(
      `insert into campaign (account, name, content, state, chunk_size, done_at)
      values ('4luaKsL2', 'k', 'x', 'done', 1000, clock_timestamp()) returning id::text`,
    );
    const add = `insert into chunk (account, campaign_id, lane, state, size, numbers, held)
      values ('4luaKsL2', $1, 'bulk', $2, 1, '918563210003', $3) returning id::text`;
    const [campaignId] = [campaign.rows[0]!.id];
    const heldOfCampaign = (await pool.query<{ id: string }>(add, [campaignId, 'held', 1])).rows[0]!.id;
    await pool.query(add, [campaignId, 'cancelled', 0]);
    await pool.query(`insert into invalid_entry select max(id), 1, 'x', 'y', 7, 'mine', '9185…412' from chunk`);
    await app.close();

    const before = await pool.query(`select count(*)::int as n from history`);
    await pool.query(`update chunk set changed_at = changed_at - interval '1 day'`);
    await pool.query(`update campaign set done_at = done_at - interval '1 day'`);
    await pool.query(`delete from turn`);
    const eraser = await startApp(sandbox, { ...options, retentionMs: 60_000 });
    await until(async () => (await pool.query(`select 1 from chunk where redacted_at is not null`)).rows.length === 3);
    const shown = async (id: string) =>
      (await eraser.get(SmsOutbox).find(id))!.recipients.map(({ position, number, state }) => [
        position,
        number,
        state,
      ]);
    const contents = await pool.query(
      `select c.state, c.content is null and c.numbers is null and c.reason is null and c.reference is null as erased from chunk c order by id`,
    );
    const campaigns = `select content, redacted_at is not null as erased from campaign`;
    const invalid = await pool.query(`select code, reason, line::int as line, order_id, input from invalid_entry`);
    expect(invalid.rows).toEqual([{ code: 'x', reason: null, line: 7, order_id: 'mine', input: null }]);
    expect({
      accepted: await shown(accepted.id),
      rejected: await shown(rejected.id),
      held: await shown(held.id),
      history: (await pool.query(`select count(*)::int as n from history`)).rows,
      chunks: contents.rows,
      campaigns: (await pool.query(campaigns)).rows,
    }).toEqual({
      accepted: [
        [0, undefined, 'accepted'],
        [1, undefined, 'accepted'],
      ],
      rejected: [
        [0, undefined, 'rejected'],
        [1, undefined, 'rejected'],
      ],
      held: [
        [0, NUMBERS[0], 'held'],
        [1, NUMBERS[1], 'held'],
      ],
      history: before.rows,
      chunks: [
        { state: 'completed', erased: true },
        { state: 'rejected', erased: true },
        { state: 'held', erased: false },
        { state: 'held', erased: false },
        { state: 'cancelled', erased: true },
      ],
      campaigns: [{ content: 'x', erased: false }],
    });
    await pool.query(`update chunk set state = 'abandoned', held = 0, abandoned = size where id = $1`, [
      heldOfCampaign,
    ]);
    await eraser.close();
    await pool.query(`delete from turn`);
    const last = await startApp(sandbox, { ...options, retentionMs: 60_000 });
    await until(async () => (await pool.query<{ erased: boolean }>(campaigns)).rows[0]!.erased);
    expect((await pool.query(campaigns)).rows).toEqual([{ content: null, erased: true }]);
    await last.close();
    await pool.end();
    await sandbox.close();
    await database.close();
  });
});
