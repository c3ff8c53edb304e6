import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { migrateOutbox, OutboxOptionsError, type LaafficOutboxOptions, type SmsOutbox } from 'nestjs-laaffic-outbox';
import { judge } from '../../libs/laaffic-outbox/src/health/verdict.js';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { inTransaction } from './in-transaction.js';
import { numbers, Stage } from './stage.js';

const CODE = '739125';
const TEXT = `Your code is ${CODE}`;
const [OLD, NEW] = [randomBytes(32), randomBytes(32)].map((key) => key.toString('base64')) as [string, string];
const [TO = ''] = numbers(1);
/** A process that only enqueues. */
const IDLE: Partial<LaafficOutboxOptions> = { worker: false, sealKeys: [OLD] };

interface Chunk {
  id: string;
  state: string;
  content: string | null;
  seal_key_id: string | null;
}

let stage: Stage;

beforeAll(async () => {
  stage = await Stage.set();
  await migrateOutbox(stage.pool);
});
beforeEach(() => stage.clear());
afterEach(() => stage.stop());
afterAll(() => stage.close());

const outboxWith = async (options: Partial<LaafficOutboxOptions> = {}) =>
  (await stage.app({ sealKeys: [OLD], ...options })).outbox;
/** Everything in the schema, as text. */
async function dump(): Promise<string> {
  const tables = await stage.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'laaffic_outbox' and table_type = 'BASE TABLE'`,
  );
  const texts = tables.map(async ({ name }) => {
    const [row] = await stage.query<{ rows: string | null }>(
      `select string_agg(row_of_it::text, e'\n') as rows from ${name} row_of_it`,
    );
    return `${name}: ${row?.rows ?? ''}`;
  });
  return (await Promise.all(texts)).join('\n');
}
/** Neither the text nor the code in it is anywhere, nor its plain fingerprint. */
async function expectUnreadable(): Promise<void> {
  const everything = await dump();
  expect(everything).toContain('chunk: (');
  expect(everything).not.toContain(TEXT);
  expect(everything).not.toContain(CODE);
  expect(everything).not.toContain(Buffer.from(CODE).toString('hex'));
}
const chunks = () => stage.query<Chunk>('select id, state, content, seal_key_id from chunk order by id');
const contents = async () => (await chunks()).map(({ content }) => content);
const becomes = (outbox: SmsOutbox, id: string, state: string) =>
  until(
    async () => (await outbox.find(id))?.recipients.map((recipient) => recipient.state),
    (states) => states?.every((one) => one === state) === true,
  );
const sent = () => stage.sandbox.messages.map(({ number, content }) => [number, content]);

describe('a sealed message', () => {
  it('reaches the gateway as it was written, and is readable nowhere in the database', async () => {
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to: TO, content: TEXT }, { sealed: true, idempotencyKey: 'login 1' });
    await expectUnreadable();
    expect(await chunks()).toEqual([
      {
        ...{ id, state: 'pending', content: expect.stringMatching(/^v1\.one\.[\w-]+$/) },
        seal_key_id: expect.stringMatching(/^[\w-]{8}$/),
      },
    ]);
    const outbox = await outboxWith();
    await becomes(outbox, id, 'accepted');
    expect(sent()).toEqual([[TO, TEXT]]);
    await expectUnreadable();
    expect(await contents()).toEqual([null]);
  });

  it('is shown as sealed, also after its text is gone', async () => {
    const outbox = await outboxWith();
    const { id, receipt } = await outbox.send({ to: TO, content: TEXT }, { sealed: true });
    expect(receipt?.accepted).toHaveLength(1);
    const plain = await outbox.send({ to: TO, content: 'hello' });
    expect(await outbox.find(id)).toMatchObject({ id, sealed: true });
    expect(await outbox.find(plain.id)).not.toHaveProperty('sealed');
    const first = async (message: string) => {
      for await (const { event, detail } of outbox.getHistory(message)) return { event, detail };
      return undefined;
    };
    expect(await first(id)).toEqual({ event: 'pending', detail: 'sealed' });
    expect(await first(plain.id)).toEqual({ event: 'pending', detail: undefined });
  });

  it('keeps its text in every part of it that may still be sent, and in no other', async () => {
    const to = numbers(40);
    const wrong = [3, 4, 21].map((index) => to[index] ?? '');
    stage.sandbox.configure({
      quirks: { partialSuccess: 'reject-all', failArray: 'never' },
      rejectionRules: wrong.map((number) => ({ number, status: -9 })),
    });
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to, content: TEXT }, { sealed: true });
    expect(await contents()).toEqual([expect.stringMatching(/^v1\.many\./)]);
    const outbox = await outboxWith();
    const found = await until(
      () => outbox.find(id),
      (message) => message?.recipients.every(({ state }) => /accepted|rejected/.test(state)) === true,
    );
    expect(found?.recipients.filter(({ state }) => state === 'rejected').map(({ number }) => number)).toEqual(wrong);
    expect(sent()).toHaveLength(37);
    expect(new Set(sent().map(([, content]) => content))).toEqual(new Set([TEXT]));
    const parts = await chunks();
    expect(parts.length).toBeGreaterThan(5);
    expect(new Set(parts.map(({ content }) => content))).toEqual(new Set([null]));
    await expectUnreadable();
  });

  it.each([
    ['the whole text', `illegal content: ${TEXT}`, 'illegal content: [content]'],
    ['the code', `the word ${CODE} is forbidden`, 'the reason quotes the sealed text, so it is not stored'],
  ])('is not given away by a reason of the gateway that quotes %s', async (_, reason, stored) => {
    const outbox = await outboxWith();
    stage.sandbox.configure({ rejectionRules: [{ content: CODE, status: -3, reason }] });
    const { receipt } = await outbox.send({ to: TO, content: TEXT }, { sealed: true });
    expect(receipt?.rejected).toMatchObject([{ reason: stored }]);
    await expectUnreadable();
    expect(await contents()).toEqual([null]);
  });

  it('keeps the reason of the gateway otherwise', async () => {
    const outbox = await outboxWith();
    stage.sandbox.configure({ rejectionRules: [{ content: CODE, status: -3, reason: 'forbidden today' }] });
    const { receipt } = await outbox.send({ to: TO, content: TEXT }, { sealed: true });
    expect(receipt?.rejected).toMatchObject([{ reason: 'forbidden today' }]);
  });

  it('keeps its text while it is on hold, and can be sent again', async () => {
    const outbox = await outboxWith();
    stage.sandbox.script({ fault: 'cut-before-accepting' });
    const { id } = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true });
    await becomes(outbox, id, 'held');
    expect(await contents()).toEqual([expect.stringMatching(/^v1\.one\./)]);
    for await (const held of outbox.listHeld()) expect(held).toMatchObject({ messageId: id, sealed: true });
    await expectUnreadable();
    expect(await outbox.resolveHeld(id, 'resend', { actor: 'anna' })).toBe(1);
    await becomes(outbox, id, 'accepted');
    expect(sent()).toEqual([[TO, TEXT]]);
    expect(await contents()).toEqual([null, null]);
    await expectUnreadable();
  });

  it.each([
    ['sent', 'accepted'],
    ['abandon', 'abandoned'],
  ] as const)('on hold loses its text with the decision "%s"', async (decision, state) => {
    const outbox = await outboxWith();
    stage.sandbox.script({ fault: 'cut-before-accepting' });
    const { id } = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true });
    await becomes(outbox, id, 'held');
    await outbox.resolveHeld(id, decision, { actor: 'anna' });
    await becomes(outbox, id, state);
    expect(await contents()).toEqual([null]);
  });

  it('on hold whose text is gone cannot be sent again, but decided otherwise', async () => {
    const outbox = await outboxWith();
    stage.sandbox.script({ fault: 'cut-before-accepting' });
    const { id } = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true });
    await becomes(outbox, id, 'held');
    await stage.query('update chunk set content = null');
    expect(await outbox.resolveHeld(id, 'resend', { actor: 'anna' })).toBe(0);
    expect(await outbox.resolveHeld(id, 'abandon', { actor: 'anna' })).toBe(1);
    await becomes(outbox, id, 'abandoned');
  });

  it('loses its text when it is cancelled, expired or abandoned by the policy', async () => {
    const outbox = await outboxWith({ onUnconfirmed: { priority: 'abandon' } });
    stage.sandbox.script({ fault: 'cut-before-accepting' });
    const unknown = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true });
    await becomes(outbox, unknown.id, 'abandoned');
    const later = new Date(Date.now() + 3_600_000);
    const cancelled = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true, sendAt: later });
    const expired = await outbox.enqueue(
      { to: TO, content: TEXT },
      { sealed: true, sendAt: later, sendBefore: new Date(Date.now() + 3_700_000) },
    );
    expect(await contents()).toEqual([null, expect.any(String), expect.any(String)]);
    expect(await outbox.cancel(cancelled.id)).toBe(true);
    await stage.query('update chunk set expires_at = clock_timestamp() where id = $1', [expired.id]);
    await becomes(outbox, expired.id, 'rejected');
    expect(await contents()).toEqual([null, null, null]);
    expect(sent()).toEqual([]);
  });

  it('is one of many, by itself or by default', async () => {
    const idle = await outboxWith(IDLE);
    const [a, b, c] = numbers(3) as [string, string, string];
    const messages = [
      { to: a, content: TEXT },
      { to: b, content: 'hello', sealed: false },
      { to: c, content: TEXT, idempotencyKey: 'c' },
    ];
    expect(await idle.enqueueMany(messages, { sealed: true })).toEqual({ added: 3, existing: 0, invalid: 0 });
    const second = await idle.enqueueMany([{ to: c, content: TEXT, idempotencyKey: 'c' }], { sealed: true });
    expect(second).toEqual({ added: 0, existing: 1, invalid: 0 });
    const sealed = expect.stringMatching(/^v1\.one\./);
    expect((await contents()).sort()).toEqual(['hello', sealed, sealed]);
    await expectUnreadable();
    await outboxWith();
    await until(() => sent().length === 3);
    expect(sent().sort()).toEqual([
      [a, TEXT],
      [b, 'hello'],
      [c, TEXT],
    ]);
  });

  it('is the default of the module if the module says so, except for messages that say otherwise', async () => {
    const idle = await outboxWith({ ...IDLE, sealed: true });
    await idle.enqueue({ to: TO, content: TEXT });
    await idle.enqueueMany([{ to: TO, content: TEXT }]);
    await idle.enqueue({ to: TO, content: 'hello' }, { sealed: false });
    const sealed = expect.stringMatching(/^v1\.one\./);
    expect(await contents()).toEqual([sealed, sealed, 'hello']);
    await expectUnreadable();
  });

  it('is stored in the transaction of the app', async () => {
    const idle = await outboxWith(IDLE);
    await inTransaction(stage.pool, (client) =>
      idle.enqueue({ to: TO, content: TEXT }, { sealed: true, transaction: client }),
    );
    expect(await contents()).toEqual([expect.stringMatching(/^v1\.one\./)]);
  });
});

describe('a text that looks like a sealed one', () => {
  it('is sent as it is', async () => {
    const idle = await outboxWith(IDLE);
    await idle.enqueue({ to: TO, content: TEXT }, { sealed: true });
    const [sealed] = await contents();
    await stage.query('delete from chunk');
    const outbox = await outboxWith();
    const { receipt } = await outbox.send({ to: TO, content: sealed! });
    expect(receipt?.accepted).toHaveLength(1);
    expect(sent()).toEqual([[TO, sealed]]);
  });
});

describe('a sealed message that was changed in the database', () => {
  it.each([
    ['moved to another number', `numbers = '918563999999'`],
    ['changed', `content = overlay(content placing 'AAAA' from 20)`],
    ['moved from another account', `content = (select content from chunk where account = 'other')`],
    ['replaced by plain text', `content = 'Call this number'`],
    ['said to be for several', `content = replace(content, '.one.', '.many.'), numbers = '918563999999'`],
  ])('is rejected and never sent: %s', async (_, change) => {
    const outbox = await outboxWith();
    const sendAt = new Date(Date.now() + 3_600_000);
    const { id } = await outbox.enqueue({ to: TO, content: TEXT }, { sealed: true, sendAt });
    await stage.query(`insert into chunk (account, lane, state, size, content, seal_key_id)
      select 'other', 'bulk', 'cancelled', 1, translate(content, 'ABCDEFGHIJKLM', 'BCDEFGHIJKLMA'), seal_key_id from chunk`);
    await stage.query(`update chunk set ${change}, due_at = clock_timestamp() where id = ${id}`);
    await becomes(outbox, id, 'rejected');
    expect((await outbox.find(id))?.recipients).toMatchObject([
      { code: 'OUTBOX_SEAL_BROKEN', reason: 'the sealed text was changed, or belongs to another number' },
    ]);
    expect(stage.sandbox.requests).toEqual([]);
    expect((await outbox.getStats()).paused).toBeUndefined();
  });
});

describe('an idempotency key of a sealed message', () => {
  const OPTIONS = { sealed: true, idempotencyKey: 'login 1' };

  it('has a fingerprint that is useless without the seal key', async () => {
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to: TO, content: TEXT }, OPTIONS);
    const [row] = await stage.query<{ fingerprint: string; seal_key_id: string }>(
      'select fingerprint, seal_key_id from chunk',
    );
    expect(row?.fingerprint).toMatch(/^[\w-]{8}\.[\w-]{43}$/);
    expect(row?.fingerprint.split('.')[0]).toBe(row?.seal_key_id);
    expect(await idle.enqueue({ to: TO, content: TEXT }, OPTIONS)).toEqual({ id, isNew: false });
    // Whether it is sealed makes no other message of it.
    expect(await idle.enqueue({ to: TO, content: TEXT }, { ...OPTIONS, sealed: false })).toEqual({ id, isNew: false });
    const reused = { code: 'OUTBOX_KEY_REUSED' };
    expect(await failureOf(idle.enqueue({ to: TO, content: 'Your code is 739126' }, OPTIONS))).toMatchObject(reused);
    expect(await failureOf(idle.enqueueMany([{ to: TO, content: 'x', ...OPTIONS }]))).toMatchObject(reused);
  });

  it('is compared with the key that made it, after a rotation too', async () => {
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to: TO, content: TEXT }, OPTIONS);
    const rotated = await outboxWith({ ...IDLE, sealKeys: [NEW, OLD] });
    expect(await rotated.enqueue({ to: TO, content: TEXT }, OPTIONS)).toEqual({ id, isNew: false });
    expect(await failureOf(rotated.enqueue({ to: TO, content: 'other' }, OPTIONS))).toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
    });
  });

  it('counts as that of the same message once its seal key is gone', async () => {
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to: TO, content: TEXT }, OPTIONS);
    const renewed = await outboxWith({ ...IDLE, sealKeys: [NEW] });
    expect(await renewed.enqueue({ to: TO, content: 'other' }, OPTIONS)).toEqual({ id, isNew: false });
  });

  it('may be that of a message that is not sealed', async () => {
    const idle = await outboxWith(IDLE);
    const { id } = await idle.enqueue({ to: TO, content: 'hello' }, { idempotencyKey: 'login 1' });
    expect(await idle.enqueue({ to: TO, content: 'hello' }, OPTIONS)).toEqual({ id, isNew: false });
    expect(await failureOf(idle.enqueue({ to: TO, content: 'other' }, OPTIONS))).toMatchObject({
      code: 'OUTBOX_KEY_REUSED',
    });
  });

  it('twice in one call means the same message', async () => {
    const idle = await outboxWith(IDLE);
    const same = { to: TO, content: TEXT, ...OPTIONS };
    const messages = [same, { ...same, sealed: false }, { ...same, content: 'other' }];
    const invalid: number[] = [];
    const result = await idle.enqueueMany(messages, { onInvalid: ({ position }) => invalid.push(position) });
    expect(result).toEqual({ added: 1, existing: 1, invalid: 1 });
    expect(invalid).toEqual([2]);
  });
});

describe('seal keys', () => {
  it('can be rotated without a pause, and the stats tell when the old one is not needed any more', async () => {
    const idle = await outboxWith(IDLE);
    const sendAt = new Date(Date.now() + 3_600_000);
    await idle.enqueue({ to: TO, content: TEXT }, { sealed: true, sendAt });
    // The new key first opens everywhere, and then it seals.
    await outboxWith({ sealKeys: [OLD, NEW] });
    const rotated = await outboxWith({ sealKeys: [NEW, OLD] });
    await rotated.enqueue({ to: TO, content: TEXT }, { sealed: true, sendAt });
    const keys = await stage.query<{ key: string }>('select seal_key_id as key from chunk order by id');
    const [old = '', fresh = ''] = keys.map(({ key }) => key);
    const stats = (await rotated.getStats()).sealKeys;
    expect(stats.toSorted((a, b) => a.position! - b.position!)).toEqual([
      { keyId: fresh, position: 0, recipients: 1 },
      { keyId: old, position: 1, recipients: 1 },
    ]);
    await stage.makeDue();
    await until(() => sent().length === 2);
    await until(async () => (await rotated.getStats()).sealKeys.length === 0);
    expect(sent()).toEqual([
      [TO, TEXT],
      [TO, TEXT],
    ]);
  });

  it('that a worker lacks leave the message to another worker, and the log says so once', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error');
    try {
      const idle = await outboxWith(IDLE);
      const { id } = await idle.enqueue({ to: TO, content: TEXT }, { sealed: true });
      const [{ seal_key_id: keyId } = { seal_key_id: '' }] = await chunks();
      const without = await outboxWith({ sealKeys: [NEW] });
      const { receipt } = await without.send({ to: TO, content: 'hello' });
      expect(receipt?.accepted).toHaveLength(1);
      await outboxWith({ sealKeys: undefined });
      const lines = await until(
        () => logged.mock.calls.map(([line]: unknown[]) => line),
        (all) => all.length >= 2,
      );
      const line = `This process cannot send some sealed messages; retrying: sealKeys lacks the key ${keyId}`;
      expect(lines).toEqual([line, line]);
      expect(await stage.events(id)).toEqual(['pending']);
      const stats = await without.getStats();
      expect(stats.sealKeys).toEqual([{ keyId, position: undefined, recipients: 1 }]);
      const { isUp, data } = judge({ stats, failure: undefined, queueUsage: 0 }, {});
      expect([isUp, data['missingSealKeys']]).toEqual([true, keyId]);
      const outbox = await outboxWith();
      await becomes(outbox, id, 'accepted');
      expect(await stage.events(id)).toEqual(['pending', 'sending', 'completed']);
      expect(sent()).toEqual([
        [TO, 'hello'],
        [TO, TEXT],
      ]);
    } finally {
      logged.mockRestore();
    }
  });

  it('that a worker lacks do not keep its bulk lane from sending', async () => {
    const idle = await outboxWith(IDLE);
    await idle.enqueue({ to: TO, content: TEXT }, { sealed: true });
    const without = await outboxWith({ sealKeys: [NEW], rate: { recipientsPerSecond: 1_000 } });
    const { receipt } = await without.send({ to: TO, content: 'hello' }, { lane: 'bulk' });
    expect(receipt?.accepted).toHaveLength(1);
  });

  it('are needed to seal', async () => {
    const outbox = await outboxWith({ sealKeys: undefined, worker: false });
    const issue = { issues: [{ field: 'sealed', problem: 'needs sealKeys in the options of the outbox' }] };
    expect(await failureOf(outbox.enqueue({ to: TO, content: TEXT }, { sealed: true }))).toMatchObject(issue);
    expect(await failureOf(outbox.send({ to: TO, content: TEXT }, { sealed: true }))).toMatchObject(issue);
    expect(await failureOf(outbox.enqueueMany([], { sealed: true }))).toMatchObject(issue);
    const invalid: unknown[] = [];
    await outbox.enqueueMany([{ to: TO, content: TEXT, sealed: true }], {
      onInvalid: ({ issues }) => invalid.push(...issues),
    });
    expect(invalid).toEqual(issue.issues);
    expect(await failureOf(outbox.enqueue({ to: TO, content: TEXT }, { sealed: 'yes' as never }))).toMatchObject({
      issues: [{ field: 'sealed', problem: 'must be true or false' }],
    });
    expect(await chunks()).toEqual([]);
  });

  it('are needed at boot, and not shown when they are wrong', async () => {
    const without = await failureOf(outboxWith({ sealKeys: undefined, sealed: true }));
    expect(without).toBeInstanceOf(OutboxOptionsError);
    expect(without).toMatchObject({ problems: ['sealed needs sealKeys'] });
    const short = OLD.slice(4);
    const wrong = (await failureOf(outboxWith({ sealKeys: [short, NEW, NEW] }))) as OutboxOptionsError;
    expect(wrong.problems).toEqual([
      'sealKeys[0] must be 32 bytes, as base64 text or as a Uint8Array',
      'sealKeys[2] repeats an earlier key',
    ]);
    for (const key of [short, NEW]) expect(`${wrong.message} ${wrong.stack ?? ''}`).not.toContain(key);
  });
});
