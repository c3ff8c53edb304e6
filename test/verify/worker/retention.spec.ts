import { randomUUID } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { HALF_LIFE_MS } from '../../../libs/laaffic-verify/src/guard/range-scoring.js';
import {
  claimApprovals,
  claimConversions,
  claimRedactions,
  deletePhones,
  deleteRanges,
  deleteQuotas,
  deleteVerifications,
  dropOverdueConversions,
  expireVerifications,
  forgetApprovedNumbers,
} from '../../../libs/laaffic-verify/src/sql/generated.js';
import { Retention } from '../../../libs/laaffic-verify/src/worker/retention.js';
import { inTransaction } from '../../outbox/in-transaction.js';
import { Stage } from '../../outbox/stage.js';
import { clearVerifications, verifyApp } from '../verify-app.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;
const NOW = new Date('2030-05-01T00:00:00Z');
const ago = (milliseconds: number) => new Date(NOW.getTime() - milliseconds);

let stage: Stage;
let own: Awaited<ReturnType<typeof verifyApp>>;

beforeAll(async () => {
  stage = await Stage.set();
  own = await verifyApp(stage);
});
beforeEach(() => clearVerifications(stage));
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

const query = <R extends object>(text: string, params?: unknown[]) => stage.query<R>(text, params, 'laaffic_verify');
const retention = (knownMs = 180 * DAY) => new Retention(own.extension, { retentionMs: 30 * DAY, knownMs }, () => NOW);
const runAll = async (one = retention()) => {
  while (await one.run());
};

interface VerificationRow {
  readonly state: string;
  readonly changed_at: Date;
  readonly redact_at: Date | null;
}
const addVerification = ({ state, changed_at, redact_at }: VerificationRow) =>
  query(
    `insert into verification (id, kind, tenant, purpose, number_key, session_key, binding, country, is_known, is_excused, key_id,
        digest, expires_at, max_attempts, created_at, changed_at, state, redact_at)
      values (gen_random_uuid(), 'sms', '', 'x', 'n', sha256(random()::text::bytea), '', 'GB', false, false, 'k', 'd', $1, 5, $1, $1, $2::verification_state, $3)`,
    [changed_at, state, redact_at],
  );

it.each([
  ['one that ended 30 days ago', { state: 'approved', changed_at: ago(30 * DAY), redact_at: null }, 0],
  ['one that ended a little later', { state: 'approved', changed_at: ago(30 * DAY - 1), redact_at: null }, 1],
  ['one whose message still contains its number', { state: 'failed', changed_at: ago(90 * DAY), redact_at: NOW }, 1],
  ['one that nothing has noted the end of', { state: 'pending', changed_at: ago(90 * DAY), redact_at: NOW }, 1],
])('deletes verifications after the retention period: %s', async (_, row, left) => {
  await addVerification(row);
  await runAll();
  expect(await query(`select state from verification`)).toHaveLength(left);
});

it.each([
  ['not seen for 180 days', {}, 180 * DAY, 0],
  ['seen a little later', { seen_at: ago(180 * DAY - 1) }, 180 * DAY, 1],
  ['with a failure', { failures: 1 }, 180 * DAY, 1],
  ['suspended', { suspended_at: ago(200 * DAY) }, 180 * DAY, 1],
  ['no longer known', { approved_at: ago(180 * DAY) }, 180 * DAY, 0],
  ['known for longer', { approved_at: ago(180 * DAY) }, 181 * DAY, 1],
  ['known for a shorter time', { approved_at: ago(180 * DAY) }, 0, 0],
])('deletes numbers that no rule needs: %s', async (_, more, knownMs, left) => {
  const row = { tenant: '', number_key: Buffer.from('n'), seen_at: ago(180 * DAY), ...more };
  const columns = Object.keys(row);
  await query(
    `insert into phone (${columns.join()}) values (${columns.map((_each, index) => `$${index + 1}`).join()})`,
    Object.values(row),
  );
  await runAll(retention(knownMs));
  expect(await query(`select from phone`)).toHaveLength(left);
});

it('deletes quotas that have all of their turns again', async () => {
  await query(`insert into quota (key, tat) values ('old', $1), ('new', $2), ('none', '-infinity')`, [NOW, ago(-1)]);
  await runAll();
  expect(await query(`select key from quota`)).toEqual([{ key: Buffer.from('new') }]);
});

it('keeps changes of the list for a year', async () => {
  const change = `insert into operator_change (at, actor, kind, label) values ($1, $2, 'country', 'GB')`;
  await query(change, [ago(365 * DAY), 'Ada']);
  await query(change, [ago(365 * DAY - 1), 'Eve']);
  await runAll();
  expect(await query(`select actor from operator_change`)).toEqual([{ actor: 'Eve' }]);
});

it.each([
  ['a low score', 0.09, NOW, ago(2 * DAY), 0],
  ['a higher score', 0.1, NOW, ago(2 * DAY), 1],
  ['a score that has become low', 0.35, ago(2 * HALF_LIFE_MS), ago(2 * DAY), 0],
  ['a score that has not become low enough', 0.45, ago(2 * HALF_LIFE_MS), ago(2 * DAY), 1],
  ['a block that ended a day ago', 0, ago(2 * DAY), ago(DAY), 0],
  ['a block that ended later', 0, ago(2 * DAY), ago(DAY - 1), 1],
])('deletes ranges that are like new: %s', async (_, score, at, blocked_until, left) => {
  await query(`insert into number_range (key, score, at, blocked_until, blocks) values ('x', $1, $2, $3, 1)`, [
    score,
    at,
    blocked_until,
  ]);
  await runAll();
  expect(await query(`select from number_range`)).toHaveLength(left);
});

it('removes handlers that no process has had for 7 days, with their approvals, and says so', async () => {
  const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  await query(`insert into approval_handler (handler, seen_at) values ('Gone', $1), ('There', $2)`, [
    ago(7 * DAY),
    ago(7 * DAY - 1),
  ]);
  await query(
    `insert into approval_delivery (handler, verification_id, purpose, tenant, country, number, approved_at, due_at)
      select h, gen_random_uuid(), 'x', '', 'GB', '+447400123456', $1, $1 from unnest('{Gone,Gone,There}'::text[]) h`,
    [ago(8 * DAY)],
  );
  await runAll();
  expect(await query(`select handler from approval_handler`)).toEqual([{ handler: 'There' }]);
  expect(await query(`select handler from approval_delivery`)).toEqual([{ handler: 'There' }]);
  expect(log.mock.calls.map(([line]) => String(line))).toEqual([
    '2 approvals were removed, because no process has had their handlers for 7 days: Gone',
  ]);
});

it('goes on in steps, never waits for a lock, and two of it do no harm', async () => {
  await query(`insert into quota (key, tat) select n::text::bytea, $1 from generate_series(1, 1050) n`, [ago(DAY)]);
  const client = await stage.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select from laaffic_verify.quota where key = '7' for no key update`);
    await Promise.all([runAll(), runAll()]);
    expect(await query(`select key from quota`)).toEqual([{ key: Buffer.from('7') }]);
    await client.query('rollback');
  } finally {
    client.release();
  }
  await runAll();
  expect(await query(`select from quota`)).toEqual([]);
});

const DUE = { account: 'x', leaseMs: 1, keptMs: 1, overdueMs: 1, limit: 200, now: NOW, halfLifeMs: HALF_LIFE_MS };
it.each([
  ['verification_expiring', expireVerifications, DUE],
  ['verification_convert', claimConversions, DUE],
  ['verification_convert', dropOverdueConversions, DUE],
  ['verification_redact', claimRedactions, DUE],
  ['verification_changed', deleteVerifications, DUE],
  ['phone_seen', deletePhones, DUE],
  ['quota_tat', deleteQuotas, DUE],
  ['number_range_at', deleteRanges, { ...DUE, lowestScore: 0.1, blockedMs: DAY }],
  ['approval_delivery_number', forgetApprovedNumbers, DUE],
  ['approval_delivery_due', claimApprovals, { ...DUE, handlers: ['x'], limits: [16], claim: randomUUID() }],
])('%s finds what is due in order, and nothing is sorted', async (index, { text, params }, values) => {
  const given = values as Readonly<Record<string, unknown>>;
  const called = text.replaceAll('verify.', 'laaffic_verify.');
  const plan = await inTransaction(
    stage.pool,
    async (client) => {
      await client.query(
        'set local enable_seqscan = off; set local enable_sort = off; set local enable_bitmapscan = off',
      );
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(
        `explain (costs off) ${called}`,
        params.map((name) => given[name]),
      );
      return rows.map((row) => row['QUERY PLAN']);
    },
    'rollback',
  );
  expect(plan.filter((line) => line.includes(` using ${index} `))).toHaveLength(1);
  expect(plan.filter((line) => line.includes('Sort'))).toEqual([]);
});
