import { inspect } from 'node:util';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficInputException } from 'nestjs-laaffic';
import { SmsOutbox, type SqlTransaction } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { placeOrder } from '../../examples/outbox-transactions.js';
import { rowsOf } from '../../libs/laaffic-outbox/src/sql-transaction.js';
import { failureOf } from '../module/account.js';
import { startApp } from './app.js';
import { startDatabase } from './database.js';
import { libraries, ORDERS, type AppTransaction, type Library } from './libraries/index.js';
import { until } from '../until.js';

let database: Awaited<ReturnType<typeof startDatabase>>;
let sandbox: LaafficSandbox;
let app: Awaited<ReturnType<typeof startApp>>;
let outbox: SmsOutbox;
let pool: Pool;

beforeAll(async () => {
  database = await startDatabase();
  sandbox = await LaafficSandbox.start();
  app = await startApp(sandbox, { database: database.url });
  outbox = app.get(SmsOutbox);
  pool = new Pool({ connectionString: database.url });
  await pool.query(ORDERS);
});

beforeEach(async () => {
  // A failed test may have left a transaction open, and locks with it.
  await pool.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()
    and state like 'idle in transaction%' and xact_start < clock_timestamp() - interval '10 seconds'`);
  await pool.query('truncate orders');
  sandbox.reset();
});

afterAll(async () => {
  await pool.end();
  await app.close();
  await sandbox.close();
  await database.close();
});

const sms = (content: string) => ({ to: '918563210001', content });

const enqueue = (tx: AppTransaction, content: string, idempotencyKey?: string) =>
  outbox.enqueue(sms(content), { transaction: tx.sql, idempotencyKey });

/** Texts that some library reads as its own syntax. */
const HOSTILE = [
  'a ? and ?? and \\? and \\\\?',
  ':name and :name: and ::text and @name',
  '$1 and $2 and $$ and ${1}',
  String.raw`\ and \\ and \' and \n and \x41`,
  `' and '' and " and \` and 'or 1=1;-- /* */`,
  '{"a": [1, null]} and {a,b} and NULL and null and []',
  '2026-01-02T03:04:05.000Z',
  '%s and %% and #{x} and <b>',
  'héllo 😀 你好 \u200b\t\r\n ',
];

/** What was sent and what the app has stored, after the worker has processed everything that it could see. */
async function everything() {
  await outbox.send(sms('last'));
  await until(async () => {
    const { rows } = await pool.query(`select from laaffic_outbox.chunk where state in ('pending', 'sending')`);
    return rows.length === 0;
  });
  const { rows } = await pool.query<{ name: string }>('select name from orders order by name');
  const sent = sandbox.messages.map(({ content }) => content).filter((content) => content !== 'last');
  return { sent: sent.sort(), orders: rows.map(({ name }) => name) };
}

const isWaiting = async () => {
  const { rows } = await pool.query(
    `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return rows.length > 0;
};

/** An event that the test triggers. */
function event(): { readonly happened: Promise<void>; readonly happen: () => void } {
  let happen = (): void => undefined;
  const happened = new Promise<void>((resolve) => (happen = resolve));
  return { happened, happen };
}

/** Whether PostgreSQL demands a retry, however the library wraps its error. */
function isSerializationFailure(error: unknown): boolean {
  const text = JSON.stringify(error, (_, value: unknown) =>
    value instanceof Error ? Object.assign({}, value, { cause: value.cause }) : value,
  );
  return text.includes('"40001"');
}

describe.each(libraries)('in a transaction of %s, a message', (_, open) => {
  let library: Library;
  let key = '';
  let keys = 0;

  beforeAll(async () => {
    library = await open(database.url);
  });
  beforeEach(() => {
    key = `${_} ${++keys}`;
  });
  afterAll(() => library.close());

  it('is sent if the transaction commits, and not before, and never existed if it is rolled back', async () => {
    const [kept, lost, end] = [event(), event(), event()];
    const steps = (name: string, enqueued: () => void, error?: Error) => async (tx: AppTransaction) => {
      await tx.addOrder(name);
      await enqueue(tx, name);
      enqueued();
      await end.happened;
      if (error !== undefined) throw error;
    };
    const changed = new Error('changed my mind');
    const committed = library.transaction(steps('kept', kept.happen));
    const failed = failureOf(library.transaction(steps('lost', lost.happen, changed)));
    await Promise.race([Promise.all([kept.happened, lost.happened]), committed]);
    expect(await everything()).toEqual({ sent: [], orders: [] });
    end.happen();
    await committed;
    expect(await failed).toBe(changed);
    expect(await everything()).toEqual({ sent: ['kept'], orders: ['kept'] });
  });

  it('arrives unchanged, whatever its text, its key and its reference contain', async () => {
    const enqueueAll = async () => {
      const stored: { id: string; isNew: boolean }[] = [];
      await library.transaction(async (tx) => {
        for (const text of HOSTILE) {
          const options = { transaction: tx.sql, idempotencyKey: `${key} ${text}`, reference: text };
          stored.push(await outbox.enqueue(sms(text), options));
        }
      });
      return stored;
    };
    const stored = await enqueueAll();
    expect((await everything()).sent).toEqual([...HOSTILE].sort());
    const references = await Promise.all(stored.map(async ({ id }) => (await outbox.find(id))?.reference));
    expect(references).toEqual(HOSTILE);
    expect(await enqueueAll()).toEqual(stored.map(({ id }) => ({ id, isNew: false })));
  });

  it('is stored by statements whose parameters, operators and comments arrive unchanged', async () => {
    const long = "😀?:x$1\\'".repeat(1_250);
    const statement = `select $2::text as id, $1::text as "long", $3::text as nothing, $4::text[] as list, $5::text::int as number,
      $2::text = $2::text as same, '{"a": 1}'::jsonb ? 'a' as operator, '?? :name \\' as literal /* $ ? ?? :name */ -- ? :x`;
    const rows: unknown[] = [];
    await library.transaction(async (tx) => {
      rows.push(rowsOf(await tx.sql.query(statement, [long, '1', null, ['a', '?', '{}'], '7'])));
    });
    expect(rows).toEqual([
      [
        {
          ...{ id: '1', long, nothing: null, list: ['a', '?', '{}'], number: 7 },
          ...{ same: true, operator: true, literal: '?? :name \\' },
        },
      ],
    ]);
  });

  it('is not sent if a later statement of the app fails', async () => {
    const twice = library.transaction(async (tx) => {
      await tx.addOrder('twice');
      await enqueue(tx, 'twice');
      await tx.addOrder('twice');
    });
    await expect(twice).rejects.toThrow();
    expect(await everything()).toEqual({ sent: [], orders: [] });
  });

  it('that is rejected does not affect the transaction', async () => {
    await outbox.enqueue(sms('first'), { idempotencyKey: key });
    await library.transaction(async (tx) => {
      await expect(enqueue(tx, '')).rejects.toThrow(LaafficInputException);
      await expect(enqueue(tx, 'another', key)).rejects.toMatchObject({ code: 'OUTBOX_KEY_REUSED' });
      await tx.addOrder('kept');
      await enqueue(tx, 'kept');
    });
    expect(await everything()).toEqual({ sent: ['first', 'kept'], orders: ['kept'] });
  });

  it('is not sent if its savepoint is rolled back', async () => {
    await library.transaction(async (tx) => {
      await tx.addOrder('outer');
      await enqueue(tx, 'outer');
      const inner = tx.nested(async (savepoint) => {
        await savepoint.addOrder('inner');
        await enqueue(savepoint, 'inner');
        throw new Error('back to the savepoint');
      });
      await expect(inner).rejects.toThrow('back to the savepoint');
    });
    expect(await everything()).toEqual({ sent: ['outer'], orders: ['outer'] });
  });

  it.each([
    ['is the same message in a second transaction with its key, which waits for the first', true],
    ['is added by a second transaction with its key, if the first is rolled back', false],
  ])('%s', async (_, commits) => {
    const [enqueued, end] = [event(), event()];
    const ids: string[] = [];
    const first = library.transaction(async (tx) => {
      ids.push((await enqueue(tx, 'once', key)).id);
      enqueued.happen();
      await end.happened;
      if (!commits) throw new Error('changed my mind');
    });
    const firstDone = first.catch(() => undefined);
    await Promise.race([enqueued.happened, first]);
    const second = library.transaction(async (tx) => {
      const { id, isNew } = await enqueue(tx, 'once', key);
      ids.push(id);
      expect(isNew).toBe(!commits);
    });
    await until(isWaiting);
    expect(ids).toHaveLength(1);
    end.happen();
    await Promise.all([firstDone, second]);
    expect(ids[1] === ids[0]).toBe(commits);
    expect(await everything()).toMatchObject({ sent: ['once'] });
  });

  it('is sent from a REPEATABLE READ transaction as well', async () => {
    await library.transaction(async (tx) => {
      await tx.addOrder('kept');
      await enqueue(tx, 'kept', key);
      expect(await enqueue(tx, 'kept', key)).toMatchObject({ isNew: false });
    }, 'repeatable read');
    expect(await everything()).toEqual({ sent: ['kept'], orders: ['kept'] });
  });

  it('is rejected, and not stored, if the app passes something that commits at once', async () => {
    await expect(
      outbox.enqueue(sms('lost'), { transaction: library.noTransaction, idempotencyKey: key }),
    ).rejects.toMatchObject({
      code: 'OUTBOX_INVALID_TRANSACTION',
      message: expect.stringContaining('commits each statement at once'),
    });
    expect(await everything()).toEqual({ sent: [], orders: [] });
  });

  it('with a key that a REPEATABLE READ transaction cannot see yet is a serialization failure, and the retry finds it', async () => {
    const run = (meanwhile: () => Promise<unknown>) =>
      library.transaction(async (tx) => {
        await tx.addOrder('kept');
        await meanwhile();
        expect(await enqueue(tx, 'once', key)).toMatchObject({ isNew: false });
      }, 'repeatable read');
    const failure = await failureOf(run(() => outbox.enqueue(sms('once'), { idempotencyKey: key })));
    expect(isSerializationFailure(failure)).toBe(true);
    expect(failure?.constructor.name).toBe(library.errorClass);
    const shown = inspect(failure, { depth: 10 }) + String(failure);
    expect(['once', '918563210001', key].filter((secret) => shown.includes(secret))).toEqual([]);
    expect(await everything()).toEqual({ sent: ['once'], orders: [] });
    await run(() => Promise.resolve());
    expect(await everything()).toEqual({ sent: ['once'], orders: ['kept'] });
  });
});

describe('an invalid transaction', () => {
  const answering = (answer: unknown): SqlTransaction => ({ query: () => Promise.resolve(answer) });

  it.each<[string, unknown]>([
    ['returns nothing', answering(undefined)],
    ['returns a number', answering(1)],
    ['returns an object without rows', answering({ rowCount: 1 })],
    ['returns rows that are not an array', answering({ rows: 1 })],
    ['returns rows and metadata', answering([[{ id: '1' }], 1])],
    ['returns other rows', answering([{ ID: '1' }])],
    ['returns no row', answering([])],
    ['returns a row that is null', answering([null])],
    ['has no query method', {}],
    ['has a query that is not a function', { query: {} }],
  ])('is reported as such if it %s', async (_, transaction) => {
    await expect(outbox.enqueue(sms('x'), { transaction: transaction as SqlTransaction })).rejects.toMatchObject({
      code: 'OUTBOX_INVALID_TRANSACTION',
      message: expect.stringContaining('query(text, params)'),
    });
  });

  it('passes the error of its statement on', async () => {
    const error = new Error('the connection is gone');
    const transaction = { query: () => Promise.reject(error) };
    expect(await failureOf(outbox.enqueue(sms('x'), { transaction }))).toBe(error);
  });

  it('is not used for an invalid message', async () => {
    const query = jest.fn();
    await expect(outbox.enqueue(sms(''), { transaction: { query } })).rejects.toThrow(LaafficInputException);
    expect(query).not.toHaveBeenCalled();
  });
});

it('the example stores both the order and its message', async () => {
  const orm = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  await placeOrder(orm, outbox, '918563210001');
  await expect(placeOrder(orm, outbox, '918563210001')).rejects.toThrow('duplicate key');
  await orm.destroy();
  expect(await everything()).toEqual({ sent: ['Your order is placed'], orders: ['918563210001'] });
});
