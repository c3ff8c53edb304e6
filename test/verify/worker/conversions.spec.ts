import { Logger } from '@nestjs/common';
import { Conversions } from '../../../libs/laaffic-verify/src/worker/conversions.js';
import { Retention } from '../../../libs/laaffic-verify/src/worker/retention.js';
import { Stage } from '../../outbox/stage.js';
import { until } from '../../until.js';
import {
  approve,
  clearVerifications,
  codeIn,
  messagesTo,
  newNumber,
  outcomesAreStored,
  verifyApp,
} from '../verify-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let stage: Stage;
let own: Awaited<ReturnType<typeof verifyApp>>;
let passedMs = 0;
// A little later than the server, whose clock is finer.
const now = () => new Date(Date.now() + 500 + passedMs);

beforeAll(async () => {
  stage = await Stage.set();
  own = await verifyApp(stage);
});
beforeEach(async () => {
  await clearVerifications(stage);
  await stage.clear();
  passedMs = 0;
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

const conversions = () => new Conversions(own.extension, own.sms, now);
const runAll = async (one = conversions()) => {
  while (await one.run());
};
const reported = () => stage.sandbox.conversions.map(({ number, msgId }) => ({ to: `+${number}`, msgId }));
const approveNew = async () => {
  const approved = await approve(stage, own.verification);
  await outcomesAreStored(stage);
  return approved;
};
/** In minutes, rounded. */
const nextPauses = async () => {
  const rows = await stage.query<{ pause: number }>(
    `select extract(epoch from convert_at - $1::timestamptz)::float8 / 60 as pause from verification where convert_at is not null`,
    [now()],
    'laaffic_verify',
  );
  return rows.map(({ pause }) => Math.round(pause));
};

it('tells the platform which messages were used, and when, and no others', async () => {
  const approved = [await approveNew(), await approveNew()];
  const wrong = newNumber();
  const { id } = await own.verification.start({ to: wrong, purpose: 'sign-in' });
  const [message] = await messagesTo(stage, wrong);
  await own.verification.check({ id, purpose: 'sign-in', code: codeIn(message!) === '000000' ? '000001' : '000000' });
  const cancelled = await own.verification.start({ to: newNumber(), purpose: 'sign-in' });
  await own.verification.cancel(cancelled.id);
  await outcomesAreStored(stage);
  await runAll();
  await runAll();
  const expected = approved.map(({ to, msgId, approvedAt }) => ({ to, msgId, time: approvedAt.getTime() }));
  const told = stage.sandbox.conversions.map(({ number, msgId, time }) => ({ to: `+${number}`, msgId, time }));
  const byMsgId = (a: { msgId: string | null }, b: { msgId: string | null }) =>
    String(a.msgId).localeCompare(String(b.msgId));
  expect(told.sort(byMsgId)).toEqual(expected.sort(byMsgId));
  expect(await nextPauses()).toEqual([]);
});

it('tells each once, with two workers at once', async () => {
  const approved = await Promise.all(Array.from({ length: 40 }, () => approve(stage, own.verification)));
  await outcomesAreStored(stage);
  const other = await verifyApp(stage);
  try {
    const both = [conversions(), new Conversions(other.extension, other.sms, now)];
    await Promise.all(both.map((one) => runAll(one)));
  } finally {
    await stage.stop(other.app);
  }
  const sorted = (msgIds: (string | null)[]) => msgIds.sort();
  expect(sorted(reported().map(({ msgId }) => msgId))).toEqual(sorted(approved.map(({ msgId }) => msgId)));
});

it('retries after a minute, then after pauses that double up to six hours', async () => {
  const { to, msgId } = await approveNew();
  stage.sandbox.script({ endpoint: 'postback/backfill', status: -14, times: 10 });
  const requests = () => stage.sandbox.requests.filter(({ path }) => path.endsWith('postback/backfill')).length;
  const pauses: number[] = [];
  for (let tries = 0; tries < 10; tries++) {
    await runAll();
    expect(requests()).toBe(tries + 1);
    const [pause = 0] = await nextPauses();
    pauses.push(pause);
    // Not a moment earlier.
    passedMs += pause * MINUTE - 10_000;
    await runAll();
    expect(requests()).toBe(tries + 1);
    passedMs += 20_000;
  }
  expect(pauses).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 360]);
  await runAll();
  expect(reported()).toEqual([{ to, msgId }]);
  expect(await nextPauses()).toEqual([]);
});

it('gives up a day after the approval, with one line in the log and no number in it', async () => {
  const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const { id, to } = await approveNew();
  stage.sandbox.script({ endpoint: 'postback/backfill', status: -14, times: 1 });
  passedMs = 24 * HOUR;
  await runAll();
  expect(await nextPauses()).toEqual([]);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes('given up'))).toEqual([
    `Conversions were given up, because they could not be reported for a day: those of the verifications ${id}`,
  ]);
  expect(lines.join('\n')).not.toContain(to.slice(1));
  await runAll();
  expect(reported()).toEqual([]);
});

it('goes on when a worker died after it told the platform, and tells again only then', async () => {
  const { to, msgId } = await approveNew();
  const dying = new Conversions(
    own.extension,
    {
      confirmConversion: async (conversion, options) => {
        await own.sms.confirmConversion(conversion, options);
        return new Promise(() => undefined);
      },
    },
    now,
  );
  void dying.run();
  await until(
    () => reported(),
    (told) => told.length === 1,
  );
  passedMs = 119_000;
  await runAll();
  expect(reported()).toHaveLength(1);
  passedMs = 121_000;
  await runAll();
  await runAll();
  expect(reported()).toEqual([
    { to, msgId },
    { to, msgId },
  ]);
});

it('waits for the response that contains the message id', async () => {
  const line = await stage.lineToGateway();
  const slow = await verifyApp(stage, { metadata: { url: line.url } });
  line.hold();
  // The other process must not send it.
  await stage.query(`insert into lane_control (account, lane, paused_at) values ('4luaKsL2', 'bulk', now())`);
  const workerOnly = own;
  await stage.stop(workerOnly.app);
  const { to, msgId } = await approve(stage, slow.verification);
  const early = new Conversions(slow.extension, slow.sms, now);
  await runAll(early);
  expect(reported()).toEqual([]);
  expect(await nextPauses()).toEqual([1]);
  line.release();
  await outcomesAreStored(stage);
  passedMs = MINUTE + 1_000;
  await runAll(early);
  expect(reported()).toEqual([{ to, msgId }]);
  own = slow;
});

it('has nothing to tell without a message, or without one that was sent', async () => {
  const without = await approveNew();
  await stage.query(
    `update verification set message_ids = '{}', account = null where id = $1`,
    [without.id],
    'laaffic_verify',
  );
  const rejected = await approveNew();
  await stage.query(`delete from recipient`);
  await stage.query(`delete from pending_result`);
  await stage.query(`update chunk set state = 'rejected', accepted = 0, rejected = 1`);
  await runAll();
  expect(reported()).toEqual([]);
  expect(await nextPauses()).toEqual([]);
  expect(await own.verification.find(rejected.id)).toMatchObject({ state: 'approved' });
});

it.each([
  ['the newest message', false],
  ['the one before, if the newest was not sent', true],
])('tells of %s', async (_, isRejected) => {
  const to = newNumber();
  const { id } = await own.verification.start({ to, purpose: 'sign-in' });
  const [first] = await messagesTo(stage, to);
  await outcomesAreStored(stage);
  if (isRejected) stage.sandbox.script({ status: -3 });
  await own.verification.resend(id);
  await outcomesAreStored(stage);
  await own.verification.check({ id, purpose: 'sign-in', code: codeIn(first!) });
  await runAll();
  const messages = await messagesTo(stage, to);
  expect(messages).toHaveLength(isRejected ? 1 : 2);
  expect(reported()).toEqual([{ to, msgId: messages.at(-1)!.msgId }]);
});

it('tells nothing with `conversions: false`', async () => {
  const quiet = await verifyApp(stage, { verify: { conversions: false } });
  try {
    await approve(stage, quiet.verification);
    await outcomesAreStored(stage);
    expect(await nextPauses()).toEqual([]);
    await runAll();
    expect(reported()).toEqual([]);
  } finally {
    await stage.stop(quiet.app);
  }
});

it('leaves the messages of other accounts to their workers, and drops what no worker wants after a day', async () => {
  await approveNew();
  await stage.query(`update verification set account = 'another'`, undefined, 'laaffic_verify');
  await runAll();
  expect(reported()).toEqual([]);
  const retention = new Retention(own.extension, { retentionMs: 30 * 24 * HOUR, knownMs: 0 }, now);
  passedMs = 23 * HOUR;
  await retention.run();
  expect(await nextPauses()).toHaveLength(1);
  passedMs = 25 * HOUR;
  await retention.run();
  expect(await nextPauses()).toEqual([]);
});

it('is started by a worker', async () => {
  const worker = await verifyApp(stage, { verify: { worker: true } });
  try {
    const { to, msgId } = await approve(stage, worker.verification);
    await until(
      () => reported(),
      (told) => told.length > 0,
    );
    expect(reported()).toEqual([{ to, msgId }]);
  } finally {
    await stage.stop(worker.app);
  }
});
