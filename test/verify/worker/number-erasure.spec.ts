import { Injectable } from '@nestjs/common';
import { OnRecipientState, type RecipientStateEvent } from 'nestjs-laaffic-outbox';
import { OnApproved, type ApprovedVerification } from 'nestjs-laaffic-verify';
import { VerificationWorker } from '../../../libs/laaffic-verify/src/worker/verification-worker.js';
import { Stage } from '../../outbox/stage.js';
import { until } from '../../until.js';
import {
  approve,
  clearVerifications,
  codeIn,
  columnsWith,
  messagesTo,
  newNumber,
  outcomesAreStored,
  verifyApp,
} from '../verify-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NUMBER_COLUMNS = ['laaffic_outbox.chunk.numbers', 'laaffic_verify.verification.number'];

let stage: Stage;
let own: Awaited<ReturnType<typeof verifyApp>>;
let passedMs = 0;
let stoppedAt: number | undefined;
// A little later than the server, whose clock is finer.
const now = () => new Date((stoppedAt ?? Date.now()) + 500 + passedMs);

beforeAll(async () => {
  stage = await Stage.set();
  own = await verifyApp(stage);
});
beforeEach(async () => {
  await clearVerifications(stage);
  await stage.clear();
  passedMs = 0;
  stoppedAt = undefined;
});
afterAll(() => stage.close());

const worker = (one = own) =>
  new VerificationWorker(
    one.extension,
    one.sms,
    { worker: false, conversions: true, retentionMs: 30 * 24 * HOUR, guard: { knownMs: 0 } },
    now,
  );
/** Where the numbers are, or their digits without the plus sign. */
const placesOf = async (numbers: readonly string[]) => {
  const found = await Promise.all(numbers.map((number) => columnsWith(stage, number.slice(1))));
  return [...new Set(found.flat())].sort();
};
const start = async (to = newNumber()) => {
  const { id } = await own.verification.start({ to, purpose: 'sign-in' }, { source: '192.0.2.1', session: 's' });
  const [message] = await messagesTo(stage, to);
  return { id, to, code: codeIn(message!) };
};
const stateOf = async (id: string) => (await own.verification.find(id))?.state;

it('leaves no number anywhere when all verifications are over', async () => {
  const approved = await approve(stage, own.verification);
  const failed = await start();
  const wrong = failed.code === '000000' ? '000001' : '000000';
  for (let count = 0; count < 5; count++) {
    await own.verification.check({ id: failed.id, purpose: 'sign-in', code: wrong });
  }
  const cancelled = await start();
  await own.verification.cancel(cancelled.id);
  const expired = await start();
  await own.verification.resend(expired.id);
  await messagesTo(stage, expired.to, 2);
  await outcomesAreStored(stage);
  const all = [approved, failed, cancelled, expired];
  const over = [approved.to, failed.to, cancelled.to];
  expect(await placesOf(over)).toEqual(['laaffic_outbox.chunk.numbers']);

  await worker().runDue();
  expect(await placesOf(over)).toEqual([]);
  expect(await placesOf([expired.to])).toEqual(NUMBER_COLUMNS);
  passedMs = 9 * MINUTE;
  await worker().runDue();
  expect(await placesOf([expired.to])).toEqual(NUMBER_COLUMNS);
  passedMs = 10 * MINUTE;
  await worker().runDue();
  expect(await placesOf(all.map(({ to }) => to))).toEqual([]);
  expect(await Promise.all(all.map(({ id }) => stateOf(id)))).toEqual(['approved', 'failed', 'cancelled', 'expired']);
  expect(stage.sandbox.conversions.map(({ msgId }) => msgId)).toEqual([approved.msgId]);
});

it('keeps the message of an approval until its conversion was reported or given up', async () => {
  stage.sandbox.script({ endpoint: 'postback/backfill', status: -14, times: 1 });
  const { to, msgId } = await approve(stage, own.verification);
  await outcomesAreStored(stage);
  await worker().runDue();
  expect(await placesOf([to])).toEqual(['laaffic_outbox.chunk.numbers']);
  passedMs = 2 * MINUTE;
  await worker().runDue();
  expect(await placesOf([to])).toEqual([]);
  expect(stage.sandbox.conversions).toMatchObject([{ msgId }]);
});

it('looks at a message that is not finished again: after a minute, then as long as the verification has been over', async () => {
  const { id, to } = await start();
  await outcomesAreStored(stage);
  await stage.query(`update chunk set state = 'abandoned', accepted = 0, abandoned = 1, maybe_accepted = true`);
  await own.verification.cancel(id);
  stoppedAt = Date.now();
  const looked: number[] = [];
  let before: string | undefined;
  for (let minute = 0; minute < 190; minute++) {
    passedMs = minute * MINUTE + 1_000;
    await worker().runDue();
    const [{ at } = { at: '' }] = await stage.query<{ at: string }>(
      `select redact_at::text as at from verification`,
      undefined,
      'laaffic_verify',
    );
    if (at !== before) looked.push(minute);
    before = at;
  }
  expect(looked).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183]);
  expect(await placesOf([to])).toEqual(['laaffic_outbox.chunk.numbers']);
  await stage.query(`update chunk set changed_at = changed_at - interval '1 day'`);
  passedMs += 61 * MINUTE;
  await worker().runDue();
  expect(await placesOf([to])).toEqual([]);
});

it('erases each number once, with two workers at once, in steps of 200', async () => {
  const { to } = await start();
  await outcomesAreStored(stage);
  await stage.query(
    `insert into verification (id, kind, tenant, purpose, number_key, session_key, binding, number, country, is_known, is_excused, key_id,
        digest, expires_at, max_attempts, created_at, changed_at, message_ids, account)
      select gen_random_uuid(), kind, tenant, purpose, number_key, sha256(n::text::bytea), binding, number, country, is_known,
        is_excused, key_id, digest, expires_at, max_attempts, created_at, changed_at, array[1000000 + n], account
      from verification, generate_series(1, 450) n`,
    undefined,
    'laaffic_verify',
  );
  passedMs = 11 * MINUTE;
  await Promise.all([worker().runDue(), worker().runDue()]);
  await worker().runDue();
  expect(await placesOf([to])).toEqual([]);
  const states = await stage.query(
    `select state, redact_at, message_ids, count(*)::int from verification group by 1, 2, 3`,
    undefined,
    'laaffic_verify',
  );
  expect(states).toEqual([{ state: 'expired', redact_at: null, message_ids: [], count: 451 }]);
});

it('keeps the number of an approval for a handler that fails, for a day', async () => {
  const calls: (string | undefined)[] = [];
  @Injectable()
  class Failing {
    @OnApproved()
    handle({ number }: ApprovedVerification): void {
      calls.push(number);
      throw new Error('not now');
    }
  }
  const other = await verifyApp(stage, { metadata: { providers: [Failing] } });
  try {
    const { to } = await approve(stage, other.verification);
    await outcomesAreStored(stage);
    await until(() => calls.length > 0);
    expect(calls[0]).toBe(to);
    await worker().runDue();
    expect(await placesOf([to])).toEqual(['laaffic_verify.approval_delivery.number']);
    passedMs = 23 * HOUR;
    await worker().runDue();
    expect(await placesOf([to])).toEqual(['laaffic_verify.approval_delivery.number']);
    passedMs = 24 * HOUR;
    await worker().runDue();
    expect(await placesOf([to])).toEqual([]);
  } finally {
    await stage.stop(other.app);
  }
});

it('handlers of the outbox learn what becomes of a message whose number was erased', async () => {
  const events: RecipientStateEvent[] = [];
  @Injectable()
  class Watching {
    @OnRecipientState({ state: 'delivered' })
    handle(event: RecipientStateEvent): void {
      events.push(event);
    }
  }
  const other = await verifyApp(stage, {
    metadata: { providers: [Watching] },
    outbox: { timing: { lookupIntervalMs: false, reportsAfterMs: 50 } },
  });
  try {
    const { to, msgId } = await approve(stage, other.verification);
    await outcomesAreStored(stage);
    await worker().runDue();
    stage.sandbox.setDeliveryState(msgId, 'delivered');
    await stage.query(`update chunk set poll_at = now()`);
    await until(() => events.length > 0);
    expect(events[0]?.recipients).toMatchObject([{ state: 'delivered', msgId, number: undefined }]);
    expect(await placesOf([to])).toEqual([]);
  } finally {
    await stage.stop(other.app);
  }
});
