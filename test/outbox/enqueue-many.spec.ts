import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { LaafficSandbox } from 'laaffic-sandbox';
import type { SendSms } from 'nestjs-laaffic';
import {
  EnqueueManyError,
  OutboxError,
  SmsOutbox,
  type EnqueueManyOptions,
  type InvalidMessage,
  type MessageOptions,
  type NewSms,
  type StoredSms,
} from 'nestjs-laaffic-outbox';
import { Client, Pool } from 'pg';
import { cases } from '../cases.js';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { startApp } from './app.js';
import { startDatabase } from './database.js';
import { inTransaction } from './in-transaction.js';

/** The number of messages that one statement stores. */
const BATCH = 2_000;
const DAY = 86_400_000;

let database: Awaited<ReturnType<typeof startDatabase>>;
let sandbox: LaafficSandbox;
let app: Awaited<ReturnType<typeof startApp>>;
let outbox: SmsOutbox;
let pool: Pool;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
  app = await startApp(sandbox, { database: database.url, worker: false });
  outbox = app.get(SmsOutbox);
  pool = new Pool({ connectionString: database.url });
});
beforeEach(async () => {
  await pool.query('truncate laaffic_outbox.chunk, laaffic_outbox.caller_order_id, laaffic_outbox.idempotency_key');
});
afterAll(async () => {
  await pool.end();
  await app.close();
  await sandbox.close();
  await database.close();
});

type TextSms = SendSms & MessageOptions;

const sms = (index: number, more: Partial<TextSms> = {}): TextSms => ({
  to: String(918_563_210_000 + index),
  content: `text ${index}`,
  ...more,
});
const many = (count: number, more?: (index: number) => Partial<TextSms>): TextSms[] =>
  Array.from({ length: count }, (_, index) => sms(index, more?.(index)));

async function countStored(): Promise<number> {
  const { rows } = await pool.query<{ count: number }>('select count(*)::int from laaffic_outbox.chunk');
  return rows[0]?.count ?? -1;
}

async function contents(): Promise<string[]> {
  const { rows } = await pool.query<{ content: string }>('select content from laaffic_outbox.chunk order by id');
  return rows.map(({ content }) => content);
}

/** Enqueues, and collects what the callbacks get. */
async function collect(messages: Iterable<unknown> | AsyncIterable<unknown>, options: EnqueueManyOptions = {}) {
  const stored: StoredSms[] = [];
  const invalid: InvalidMessage[] = [];
  const result = await outbox.enqueueMany(messages as Iterable<NewSms>, {
    onInvalid: (message) => invalid.push(message),
    onStored: (batch) => stored.push(...batch),
    ...options,
  });
  return { result, stored, invalid };
}

describe('enqueueMany', () => {
  it('stores nothing for an empty source', async () => {
    expect(await collect([])).toEqual({ result: { added: 0, existing: 0, invalid: 0 }, stored: [], invalid: [] });
    expect(await countStored()).toBe(0);
  });

  it('stores each message with its own text and options, in the bulk lane by default, and names its id', async () => {
    const later = new Date(Date.now() + DAY);
    const { result, stored } = await collect(
      [
        sms(0),
        { to: ['918563210001', { number: '918563210002', orderId: 'a' }], content: 'list', lane: 'priority' },
        { ...sms(2), senderId: 'Mine', reference: 'r', sendBefore: later, actor: 'anna', idempotencyKey: 'k' },
      ],
      { senderId: 'Shop', actor: 'shop' },
    );
    expect(result).toEqual({ added: 3, existing: 0, invalid: 0 });
    expect(stored.map(({ position, isNew }) => [position, isNew])).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ]);
    const { rows } = await pool.query(
      `select id, lane, size, is_list, numbers, order_ids, content, sender_id, expires_at, reference,
        created_by, state, fingerprint is not null as has_fingerprint,
        (select key from laaffic_outbox.idempotency_key k where k.id = c.id and k.kind = 'message') as idempotency_key
      from laaffic_outbox.chunk c order by id`,
    );
    const row = { lane: 'bulk', size: 1, is_list: false, order_ids: null, sender_id: 'Shop', expires_at: null };
    const rest = {
      idempotency_key: null,
      reference: null,
      created_by: 'shop',
      state: 'pending',
      has_fingerprint: false,
    };
    expect(rows).toEqual([
      { id: stored[0]?.id, ...row, ...rest, numbers: '918563210000', content: 'text 0' },
      {
        ...{ id: stored[1]?.id, ...row, ...rest, lane: 'priority', size: 2, is_list: true, order_ids: ',a' },
        ...{ numbers: '918563210001,918563210002', content: 'list' },
      },
      {
        ...{ id: stored[2]?.id, ...row, ...rest, numbers: '918563210002', content: 'text 2', sender_id: 'Mine' },
        ...{ reference: 'r', expires_at: later, created_by: 'anna', idempotency_key: 'k', has_fingerprint: true },
      },
    ]);
    expect((await outbox.findByOrderId('a'))?.id).toBe(stored[1]?.id);
  });

  it('stores 200,000 messages in constant memory, and reads no further than three batches ahead', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const total = cases(200_000, 20_000);
    let read = 0;
    let furthest = 0;
    const heaps: number[] = [];
    function* source() {
      for (; read < total; read++) yield sms(read, { content: `text ${read} ${'x'.repeat(200)}` });
    }
    let last = -1;
    const result = await outbox.enqueueMany(source(), {
      onStored: (batch) => {
        for (const { position } of batch) if (position !== ++last) throw new Error(`${position} after ${last - 1}`);
        furthest = Math.max(furthest, read - last);
        collectGarbage();
        heaps.push(process.memoryUsage().heapUsed);
      },
    });
    expect(result).toEqual({ added: total, existing: 0, invalid: 0 });
    expect(await countStored()).toBe(total);
    expect(furthest).toBeLessThanOrEqual(3 * BATCH);
    const [early = 0, late = 0] = [heaps[5], heaps.at(-1)];
    expect(late - early).toBeLessThan(20_000_000);
  });

  it('waits for the promise of a callback before it stores more than what is under way', async () => {
    const batches: number[] = [];
    let free!: () => void;
    const isFree = new Promise<void>((resolve) => (free = resolve));
    const running = outbox.enqueueMany(many(8 * BATCH), {
      onStored: async (batch) => {
        batches.push(batch.length);
        await isFree;
      },
    });
    await until(async () => (await countStored()) === 2 * BATCH);
    expect(batches).toEqual([BATCH]);
    free();
    expect(await running).toEqual({ added: 8 * BATCH, existing: 0, invalid: 0 });
    expect(batches).toEqual(Array.from({ length: 8 }, () => BATCH));
  });

  it.each([
    ['without a transaction', false],
    ['in a transaction', true],
  ])('notifies the workers of its lanes, and not for messages that are due later, %s', async (_, isInTransaction) => {
    const client = new Client(database.url);
    await client.connect();
    const notified = new Set<string | undefined>();
    client.on('notification', ({ payload }) => notified.add(payload));
    await client.query('listen "laaffic_outbox:due"');
    const add = (messages: NewSms[], options: EnqueueManyOptions = {}) =>
      isInTransaction
        ? inTransaction(pool, (transaction) => outbox.enqueueMany(messages, { ...options, transaction }))
        : outbox.enqueueMany(messages, options);
    try {
      await add(many(10), { sendAt: new Date(Date.now() + DAY), lane: 'priority' });
      await add(many(2 * BATCH));
      await until(
        () => [...notified],
        (payloads) => payloads.length > 0,
      );
      expect([...notified]).toEqual(['bulk:4luaKsL2']);
      await add(many(10), { lane: 'priority' });
      await until(
        () => [...notified],
        (payloads) => payloads.length > 1,
      );
      expect([...notified]).toEqual(['bulk:4luaKsL2', 'priority:4luaKsL2']);
    } finally {
      await client.end();
    }
  });
});

describe('an invalid message of enqueueMany', () => {
  const broken: readonly (readonly [unknown, string])[] = [
    [null, 'to'],
    ['918563210001', 'to'],
    [{ to: '12', content: 'x' }, 'to'],
    [{ to: '918563210001', content: 'a\0b' }, 'content'],
    [{ to: '918563210001', content: 'a\ud800b' }, 'content'],
    [{ to: '918563210001', content: 'x', reference: '\udc00' }, 'reference'],
    [{ to: '918563210001', content: 'x', idempotencyKey: 'k\ud800' }, 'idempotencyKey'],
    [{ to: '918563210001', content: 'x', idempotencyKey: '' }, 'idempotencyKey'],
    [{ to: '918563210001', content: 'x', actor: '\ud800' }, 'actor'],
    [{ to: '918563210001', content: 'x', lane: 'fast' }, 'lane'],
    [{ to: '918563210001', content: 'x', sendAt: 'now' }, 'sendAt'],
    [{ to: '918563210001', content: 'x', sendAt: new Date(Date.now() - DAY) }, 'sendAt'],
    [{ to: '918563210001', content: 'x', sendAt: new Date(Date.now() - DAY), idempotencyKey: 'late' }, 'sendAt'],
    [{ to: [], content: 'x' }, 'to'],
  ];

  it('is reported with its position and its fields, and the others are stored', async () => {
    const messages = broken.flatMap(([message], index) => [sms(index), message]);
    const { result, stored, invalid } = await collect([...messages, sms(99)]);
    expect(result).toEqual({ added: broken.length + 1, existing: 0, invalid: broken.length });
    expect(stored.map(({ position }) => position)).toEqual([...broken.keys(), broken.length].map((index) => 2 * index));
    expect(invalid.map(({ position, code, issues }) => [position, code, issues[0]?.field])).toEqual(
      broken.map(([, field], index) => [2 * index + 1, 'LAAFFIC_INVALID_COMMAND', field]),
    );
    expect(await contents()).toEqual([...broken.keys(), 99].map((index) => `text ${index}`));
  });

  it('stops the call by default, after the messages before it are stored', async () => {
    const position = BATCH + 5;
    const source = many(2 * BATCH);
    source[position] = sms(0, { content: '' });
    const error = await failureOf(outbox.enqueueMany(source));
    expect(error).toBeInstanceOf(EnqueueManyError);
    expect(error).toMatchObject({
      code: 'OUTBOX_INVALID_MESSAGE',
      outcome: 'unknown',
      progress: { added: position, existing: 0, invalid: 0 },
      cause: { issues: [{ field: `messages[${position}].content`, problem: 'must not be empty' }] },
    });
    expect(await countStored()).toBe(position);
  });

  it('leaves nothing stored and a rejected outcome if it is the first', async () => {
    const error = await failureOf(outbox.enqueueMany([sms(0, { content: '' }), sms(1)]));
    expect(error).toMatchObject({ outcome: 'rejected', progress: { added: 0, existing: 0, invalid: 0 } });
    expect(await countStored()).toBe(0);
  });

  it('does not keep the process from other work, even if no message is valid', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const { result } = await collect(
      many(20 * BATCH, () => ({ content: '' })),
      { onInvalid: () => undefined },
    );
    clearInterval(timer);
    expect(result).toEqual({ added: 0, existing: 0, invalid: 20 * BATCH });
    expect(ticks).toBeGreaterThan(3);
  });

  it('never shows its text or number in the error', async () => {
    const error = await failureOf(
      outbox.enqueueMany([{ to: '+9185632100017', content: `secret${'x'.repeat(1_100)}` }]),
    );
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toMatch(/secret|85632100017/);
  });
});

describe('idempotency keys of enqueueMany', () => {
  it('return the earlier messages, so the same call continues after a failure', async () => {
    const source = many(BATCH + 10, (index) => ({ idempotencyKey: `key ${index}` }));
    const half = await collect(source.filter((_, index) => index % 2 === 0));
    const whole = await collect(source);
    const again = await collect(source);
    expect(whole.result).toEqual({ added: BATCH / 2 + 5, existing: BATCH / 2 + 5, invalid: 0 });
    expect(again.result).toEqual({ added: 0, existing: BATCH + 10, invalid: 0 });
    expect(again.stored).toEqual(whole.stored.map((message) => ({ ...message, isNew: false })));
    expect(half.stored.map(({ id }) => id)).toEqual(whole.stored.filter((_, i) => i % 2 === 0).map(({ id }) => id));
    expect(await countStored()).toBe(BATCH + 10);
  });

  it('are the same as those of enqueue', async () => {
    const before = await outbox.enqueue(sms(1), { idempotencyKey: 'one', lane: 'bulk' });
    const { stored } = await collect([sms(1, { idempotencyKey: 'one' }), sms(2, { idempotencyKey: 'two' })]);
    expect(stored[0]).toEqual({ position: 0, id: before.id, isNew: false });
    expect(await outbox.enqueue(sms(2), { idempotencyKey: 'two', lane: 'bulk' })).toEqual({
      id: stored[1]?.id,
      isNew: false,
    });
  });

  it.each([1, BATCH])(
    'may occur twice in one call, %i messages apart: for the same message, or as an error',
    async (gap) => {
      const fill = (count: number) => many(count - 1);
      const key = { idempotencyKey: 'k' };
      const { result, stored, invalid } = await collect([
        sms(1, key),
        ...fill(gap),
        sms(1, key),
        ...fill(gap),
        sms(2, key),
      ]);
      expect(result).toEqual({ added: 2 * gap - 1, existing: 1, invalid: 1 });
      expect(stored.find(({ position }) => position === gap)).toEqual({
        position: gap,
        id: stored[0]?.id,
        isNew: false,
      });
      expect(invalid).toEqual([
        {
          position: 2 * gap,
          code: 'OUTBOX_KEY_REUSED',
          issues: [{ field: 'idempotencyKey', problem: 'was used for another message before' }],
        },
      ]);
    },
  );

  it('that belong to another message stop the call by default', async () => {
    await outbox.enqueue(sms(1), { idempotencyKey: 'k' });
    const error = await failureOf(outbox.enqueueMany([sms(0), sms(2, { idempotencyKey: 'k' })]));
    expect(error).toMatchObject({ code: 'OUTBOX_KEY_REUSED', outcome: 'unknown', progress: { added: 1 } });
  });

  it('find a message that was enqueued in time, long after its sendAt', async () => {
    const sendAt = new Date(Date.now() - DAY);
    const { id } = await outbox.enqueue(sms(1), { idempotencyKey: 'k', lane: 'bulk' });
    // As if a day had passed: the same call was made with the same time then.
    const twin = await collect([sms(2, { idempotencyKey: 'twin', sendAt: new Date(Date.now() + DAY) })]);
    await pool.query(`update laaffic_outbox.chunk set fingerprint = null where id = any ($1)`, [
      [id, twin.stored[0]?.id],
    ]);
    const { stored, invalid } = await collect([
      sms(1, { idempotencyKey: 'k', sendAt }),
      sms(2, { idempotencyKey: 'twin', sendAt }),
      sms(3, { idempotencyKey: 'unknown', sendAt }),
    ]);
    expect(stored).toEqual([
      { position: 0, id, isNew: false },
      { position: 1, id: twin.stored[0]?.id, isNew: false },
    ]);
    expect(invalid.map(({ position, code }) => [position, code])).toEqual([[2, 'LAAFFIC_INVALID_COMMAND']]);
  });

  it('are stored once by two calls at once with the same messages in another order', async () => {
    const source = many(3 * BATCH, (index) => ({ idempotencyKey: `key ${index}` }));
    const results = await Promise.all([outbox.enqueueMany(source), outbox.enqueueMany([...source].reverse())]);
    expect(results.reduce((sum, { added }) => sum + added, 0)).toBe(3 * BATCH);
    expect(results.map(({ added, existing }) => added + existing)).toEqual([3 * BATCH, 3 * BATCH]);
  });
});

describe('a transaction of enqueueMany', () => {
  it('stores all messages when it commits, and none when it is rolled back', async () => {
    const source = many(2 * BATCH + 1, (index) => (index % 3 === 0 ? { idempotencyKey: `key ${index}` } : {}));
    const lost = await inTransaction(pool, (transaction) => collect(source, { transaction }), 'rollback');
    expect(await countStored()).toBe(0);
    const kept = await inTransaction(pool, (transaction) => collect(source, { transaction }));
    expect([lost.result.added, kept.result.added, await countStored()]).toEqual(Array(3).fill(2 * BATCH + 1));
  });

  it('passes only text to the driver, and reads the source only while no statement runs', async () => {
    let isRunning = false;
    const params: unknown[] = [];
    const overlaps: number[] = [];
    function* source() {
      for (let index = 0; index < 2 * BATCH; index++) {
        if (isRunning) overlaps.push(index);
        yield sms(index);
      }
    }
    await inTransaction(pool, (client) =>
      outbox.enqueueMany(source(), {
        transaction: {
          query: async (text, values) => {
            params.push(...values);
            isRunning = true;
            const result = await client.query(text, values);
            isRunning = false;
            return result;
          },
        },
      }),
    );
    expect(overlaps).toEqual([]);
    expect(new Set(params.map((value) => (value === null ? 'null' : typeof value)))).toEqual(
      new Set(['string', 'null']),
    );
  });

  it('is rejected before the source is read if it commits each statement at once, or has another form', async () => {
    let isRead = false;
    function* source() {
      isRead = true;
      yield sms(0);
    }
    for (const transaction of [pool, {} as never]) {
      const error = await failureOf(outbox.enqueueMany(source(), { transaction }));
      expect(error).toMatchObject({ code: 'OUTBOX_INVALID_TRANSACTION', outcome: 'rejected' });
    }
    const answers = { query: () => Promise.resolve([{ id: 7 }]) };
    expect(await failureOf(outbox.enqueueMany([sms(0)], { transaction: answers }))).toMatchObject({
      code: 'OUTBOX_INVALID_TRANSACTION',
    });
    expect([isRead, await countStored()]).toEqual([false, 0]);
  });

  it('throws its own error unchanged', async () => {
    const failure = new Error('40001');
    let calls = 0;
    const transaction = { query: () => (++calls > 1 ? Promise.reject(failure) : Promise.resolve([])) };
    expect(await failureOf(outbox.enqueueMany([sms(0)], { transaction }))).toBe(failure);
  });
});

describe('enqueueMany that stops', () => {
  it('at a source that throws has stored what was read before, and says so', async () => {
    const cause = new Error('the cursor is gone');
    async function* source() {
      yield* many(BATCH + 3);
      await Promise.reject(cause);
    }
    const error = await failureOf(outbox.enqueueMany(source()));
    expect(error).toBeInstanceOf(OutboxError);
    expect(error).toMatchObject({
      code: 'OUTBOX_SOURCE_FAILED',
      outcome: 'unknown',
      progress: { added: BATCH + 3, existing: 0, invalid: 0 },
    });
    expect((error as Error).cause).toBe(cause);
    expect(await countStored()).toBe(BATCH + 3);
  });

  it('by its signal does not wait for the source, closes it, and stores nothing more', async () => {
    const abort = new AbortController();
    let isClosed = false;
    let resume!: () => void;
    const stuck = new Promise<void>((resolve) => (resume = resolve));
    async function* source() {
      try {
        yield* many(BATCH + 3);
        await stuck;
        yield sms(0);
      } finally {
        isClosed = true;
      }
    }
    const running = failureOf(outbox.enqueueMany(source(), { signal: abort.signal }));
    await until(async () => (await countStored()) === BATCH);
    abort.abort(new Error('enough'));
    const error = await running;
    expect(error).toMatchObject({ code: 'OUTBOX_ABORTED', outcome: 'unknown', progress: { added: BATCH } });
    expect((error as Error).cause).toEqual(new Error('enough'));
    resume();
    await until(() => isClosed);
    expect(await countStored()).toBe(BATCH);
  });

  it('by a signal that was aborted before reads nothing', async () => {
    const error = await failureOf(outbox.enqueueMany(many(3), { signal: AbortSignal.abort() }));
    expect(error).toMatchObject({ code: 'OUTBOX_ABORTED', outcome: 'rejected', progress: { added: 0 } });
    expect(await countStored()).toBe(0);
  });

  it('in a callback throws its error unchanged, closes the source, and does not call it again', async () => {
    const failure = new Error('no room');
    let calls = 0;
    let isClosed = false;
    function* source() {
      try {
        yield* many(10 * BATCH);
      } finally {
        isClosed = true;
      }
    }
    const onStored = () => {
      calls++;
      throw failure;
    };
    expect(await failureOf(outbox.enqueueMany(source(), { onStored }))).toBe(failure);
    expect([calls, isClosed]).toEqual([1, true]);
    expect(await countStored()).toBe(2 * BATCH);
  });

  it('because the database fails names how many were stored, and the same call continues', async () => {
    const source = many(6 * BATCH, (index) => ({ idempotencyKey: `key ${index}` }));
    await pool.query(`create function fail() returns trigger language plpgsql as $$ begin
      if (select count(*) from laaffic_outbox.chunk) > ${3 * BATCH} then raise 'no more'; end if; return null; end $$`);
    await pool.query(
      'create trigger fail after insert on laaffic_outbox.chunk for each statement execute function fail()',
    );
    const error = await failureOf(outbox.enqueueMany(source));
    await pool.query('drop function fail cascade');
    const stored = await countStored();
    expect(error).toBeInstanceOf(EnqueueManyError);
    expect(error).toMatchObject({ code: 'OUTBOX_DATABASE_REJECTED', outcome: 'unknown', progress: { added: stored } });
    expect(await outbox.enqueueMany(source)).toEqual({ added: 6 * BATCH - stored, existing: stored, invalid: 0 });
  });

  it('does so at options that are wrong before it reads the source', async () => {
    const wrong = { lane: 'fast', actor: '', sendAt: 'x', sendBefore: 1, onInvalid: 'skip', onStored: 1 };
    const error = await failureOf(outbox.enqueueMany('abc' as never, wrong as never));
    expect(error).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND' });
    const { issues } = error as { issues: { field: string }[] };
    expect(issues.map(({ field }) => field)).toEqual(['messages', ...Object.keys(wrong)]);
  });
});

/** Texts that some format reads as its own syntax. */
const HOSTILE = [
  ...[
    '"',
    '\\',
    "'",
    ',',
    '{a,b}',
    'NULL',
    'null',
    '[1]',
    '\n',
    '\t',
    '\x01',
    '\x1e',
    '\x1f',
    '\x7f',
    '\u2028',
    '\ufeff',
  ],
  ...['😀', '你好', '\\u0000', '\\N', '$1', '%s', '?', ':name', '\uffff', '__proto__', '\u00a0x'],
];

it('enqueueMany stores the same rows as enqueue one by one', async () => {
  const text = fc
    .array(fc.oneof(fc.constantFrom(...HOSTILE), fc.string({ unit: 'grapheme', minLength: 1 })), {
      minLength: 1,
      maxLength: 6,
    })
    .map((parts) => parts.join('').replaceAll(/\0|\p{Surrogate}/gu, '.'));
  const number = fc.integer({ min: 918_563_210_000, max: 918_563_219_999 }).map(String);
  const orderId = fc.stringMatching(/^[a-z"'{}\\]{1,9}$/);
  const to = fc.oneof(
    number,
    fc.record({ number, orderId }),
    fc.uniqueArray(fc.record({ number, orderId }, { requiredKeys: ['number'] }), {
      ...{ minLength: 1, maxLength: 4, selector: ({ orderId: id = {} }) => id },
    }),
  );
  const message = fc.record(
    {
      to,
      content: text,
      senderId: fc.constantFrom('A', 'Shop 😀', 'null', '  '),
      reference: text.filter((value) => value.trim() !== '' && value.length <= 255),
      idempotencyKey: fc.constantFrom('k1', 'k"2', 'k\\3', 'k,4', '5', '__proto__'),
      sendAt: fc.integer({ min: 1, max: 1_000 }).map((minutes) => new Date(Date.now() + minutes * 60_000)),
      sendBefore: fc.constant(new Date(Date.now() + 2 * DAY)),
      lane: fc.constantFrom('priority' as const, 'bulk' as const),
      actor: fc.constantFrom('app', 'anna', '"'),
    },
    { requiredKeys: ['to', 'content'] },
  );
  const columns = (
    await pool.query<{ name: string }>(
      `select column_name as name from information_schema.columns where table_schema = 'laaffic_outbox'
      and table_name = 'chunk' and column_name not in ('id', 'created_at', 'changed_at', 'due_at') order by 1`,
    )
  ).rows.map(({ name }) => `c.${name}`);
  const read = async (ids: readonly string[]) =>
    (
      await pool.query<object>(
        `select ${columns.join(', ')}, case when due_at > created_at + interval '30 seconds' then due_at end as due_at,
          (select array_agg(o.ids) from laaffic_outbox.caller_order_id o where o.chunk_id = c.id) as caller_order_ids,
          (select key from laaffic_outbox.idempotency_key k where k.id = c.id and k.kind = 'message') as idempotency_key
        from unnest($1::bigint[]) with ordinality r (id, place) join laaffic_outbox.chunk c on c.id = r.id order by r.place`,
        [ids],
      )
    ).rows;
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 12 }), fc.boolean(), async (messages, isInTransaction) => {
      const clear = () =>
        pool.query('truncate laaffic_outbox.chunk, laaffic_outbox.caller_order_id, laaffic_outbox.idempotency_key');
      await clear();
      const one: (StoredSms | { readonly position: number; readonly code: string })[] = [];
      for (const [position, { to: recipients, content, senderId, ...options }] of messages.entries()) {
        const enqueued = await outbox
          .enqueue({ to: recipients, content, senderId }, { lane: 'bulk', ...options })
          .catch((error: unknown) => ({ code: (error as OutboxError).code }));
        one.push({ position, ...enqueued });
      }
      const ids = one.flatMap((each) => ('id' in each ? [each.id] : []));
      const expected = await read(ids);
      const order = new Map([...new Set(ids)].map((id, index) => [id, index] as const));
      await clear();
      const { stored, invalid, result } = isInTransaction
        ? await inTransaction(pool, (transaction) => collect(messages, { transaction }))
        : await collect(messages);
      const all = [...stored, ...invalid.map(({ position, code }) => ({ position, code }))];
      all.sort((a, b) => a.position - b.position);
      const places = new Map([...new Set(stored.map(({ id }) => id))].map((id, index) => [id, index] as const));
      expect(all.map((each) => ('id' in each ? { ...each, id: places.get(each.id) } : each))).toEqual(
        one.map((each) => ('id' in each ? { ...each, id: order.get(each.id) } : each)),
      );
      expect(await read(stored.map(({ id }) => id))).toEqual(expected);
      expect(result.added).toBe(await countStored());
    }),
    { numRuns: cases(300, 40) },
  );
}, 120_000);
