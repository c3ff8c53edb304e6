import { LaafficSandbox, type SandboxOptions } from 'laaffic-sandbox';
import { SmsOutbox, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import { Pool } from 'pg';
import { matchRecords } from '../../libs/laaffic-outbox/src/reports/matched-records.js';
import { keepLookupTurn, takeLookupTurn } from '../../libs/laaffic-outbox/src/sql/generated.js';
import { OutboxStore } from '../../libs/laaffic-outbox/src/store/outbox-store.js';
import { SOON, startApp } from './app.js';
import { startDatabase, type TestDatabase } from './database.js';
import { until } from '../until.js';

const [NUMBER, OTHER] = ['918563210001', '918563210002'] as const;

describe('the lookup of unknown messages', () => {
  let database: TestDatabase;
  let pool: Pool;

  beforeAll(async () => {
    database = await startDatabase();
    pool = new Pool({ connectionString: database.url });
  });

  afterAll(async () => {
    await pool.end();
    await database.close();
  });

  /** An app with its own database and sandbox; `use` gets the outbox. */
  const withApp = async (
    schema: string,
    options: SandboxOptions,
    use: (outbox: SmsOutbox, sandbox: LaafficSandbox) => Promise<void>,
    timing: LaafficOutboxOptions['timing'] = {},
  ) => {
    const sandbox = await LaafficSandbox.start({ queuedForMs: 0, deliveredAfterMs: 0, ...options });
    const app = await startApp(sandbox, { database: database.url, schema, timing: { ...SOON, ...timing } });
    try {
      await use(app.get(SmsOutbox), sandbox);
    } finally {
      await app.close();
      await sandbox.close();
    }
  };
  const statesOf = async (outbox: SmsOutbox, id: string) =>
    (await outbox.find(id))!.recipients.map(({ state }) => state);

  it('proves which messages were accepted although their response was lost', async () => {
    await withApp('proves', {}, async (outbox, sandbox) => {
      sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
      const { id } = await outbox.enqueue({ to: [NUMBER, OTHER], content: 'x' });
      await until(async () => (await statesOf(outbox, id)).every((state) => state === 'delivered'));
      const { rows } = await pool.query(`select state, accepted, unknown from proves.chunk where id = $1`, [id]);
      const msgIds = (await outbox.find(id))!.recipients.map(({ msgId }) => msgId);
      expect(rows).toEqual([{ state: 'completed', accepted: 2, unknown: 0 }]);
      expect(msgIds).toEqual(sandbox.messages.map(({ msgId }) => msgId));
      expect(sandbox.requests.filter(({ path }) => path.endsWith('/sendSms'))).toHaveLength(1);
    });
  });

  it('proves it from readable records if another record is unreadable', async () => {
    await withApp('one_bad_row', {}, async (outbox, sandbox) => {
      sandbox.script([
        { endpoint: 'sendSms', fault: 'cut-after-accepting' },
        {
          endpoint: 'getSentRcd',
          times: Infinity,
          transform: (envelope) => ({
            ...envelope,
            array: [{ number: OTHER, status: '0' }, ...(envelope.array ?? [])],
          }),
        },
      ]);
      const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
      await until(async () => (await statesOf(outbox, id))[0] === 'delivered');
    });
  });

  it('concludes nothing from missing records: the message is held', async () => {
    await withApp(
      'blind',
      { deliveredAfterMs: null },
      async (outbox, sandbox) => {
        sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
        const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
        await until(async () => (await statesOf(outbox, id))[0] === 'held');
        expect(sandbox.requests.some(({ path }) => path.endsWith('/getSentRcd'))).toBe(true);
      },
      { gracePeriodMs: 1_000 },
    );
  });

  it('continues after a failure', async () => {
    await withApp('failing', {}, async (outbox, sandbox) => {
      sandbox.script([
        { endpoint: 'sendSms', fault: 'cut-after-accepting' },
        { endpoint: 'getSentRcd', status: -22 },
      ]);
      const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
      await until(async () => (await statesOf(outbox, id))[0] === 'delivered');
      sandbox.assertScriptDone();
    });
  });

  it('proves nothing if a record may belong to either of two messages', async () => {
    await withApp(
      'ambiguous',
      {},
      async (outbox, sandbox) => {
        sandbox.script([
          { endpoint: 'sendSms', fault: 'cut-after-accepting' },
          { endpoint: 'sendSms', fault: 'cut-before-accepting' },
        ]);
        const ids: string[] = [];
        for (const content of ['x', 'y']) ids.push((await outbox.enqueue({ to: NUMBER, content })).id);
        for (const id of ids) await until(async () => (await statesOf(outbox, id))[0] === 'held');
        expect(sandbox.messages).toHaveLength(1);
      },
      { gracePeriodMs: 1_000 },
    );
  });

  it('proves nothing if a record may belong to a message on hold', async () => {
    await withApp(
      'held_before',
      {},
      async (outbox, sandbox) => {
        sandbox.script([
          { endpoint: 'sendSms', fault: 'cut-before-accepting' },
          { endpoint: 'sendSms', fault: 'cut-after-accepting' },
        ]);
        for (const content of ['x', 'y']) {
          const { id } = await outbox.enqueue({ to: NUMBER, content });
          await until(async () => (await statesOf(outbox, id))[0] === 'held');
        }
        expect(sandbox.messages).toHaveLength(1);
      },
      { gracePeriodMs: 500 },
    );
  });

  it('does not run with lookupIntervalMs: false', async () => {
    await withApp(
      'never',
      {},
      async (outbox, sandbox) => {
        sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
        const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' });
        await until(async () => (await statesOf(outbox, id))[0] === 'held');
        expect(sandbox.requests.map(({ path }) => path)).toEqual(['/v3/sendSms']);
      },
      { lookupIntervalMs: false, gracePeriodMs: 500 },
    );
  });
});

describe('the turn for a lookup', () => {
  let database: TestDatabase;
  let sandbox: LaafficSandbox;
  let app: Awaited<ReturnType<typeof startApp>>;
  let pool: Pool;
  let store: OutboxStore;
  const takeTurn = async () =>
    (
      await store.database.run(takeLookupTurn, { account: store.account, intervalMs: 60_000, gracePeriodMs: 900_000 })
    )[0];

  beforeAll(async () => {
    database = await startDatabase();
    sandbox = await LaafficSandbox.start();
    app = await startApp(sandbox, { database: database.url, worker: false });
    pool = new Pool({ connectionString: database.url });
    store = app.get(OutboxStore);
    await app.get(SmsOutbox).enqueue({ to: NUMBER, content: 'x' });
  });

  afterAll(async () => {
    await pool.end();
    await app.close();
    await sandbox.close();
    await database.close();
  });

  /** All in seconds before now. A lookup each minute, a grace period of 15 minutes. */
  const turnAfter = async (state: string, sent: number, changed: number, looked: number | null, began?: number) => {
    await pool.query(
      `update laaffic_outbox.chunk set state = $1::text::laaffic_outbox.chunk_state, unknown = ($1::text = 'unknown')::int, held = ($1::text = 'held')::int, sent_at = clock_timestamp() - $2 * interval '1 second',
        changed_at = clock_timestamp() - $3 * interval '1 second'`,
      [state, sent, changed],
    );
    await pool.query(
      `update laaffic_outbox.account set looked_up_at = clock_timestamp() - $1 * interval '1 second',
        lookup_alive_at = clock_timestamp() - $2 * interval '1 second'`,
      [looked, began ?? looked],
    );
    return takeTurn();
  };

  it.each<[string, boolean, string, number, number, number | null, number?]>([
    ['there was no lookup yet', true, 'unknown', 40, 10, null],
    ['the message became unknown after the last lookup', true, 'unknown', 70, 10, 65],
    ['nothing is unknown', false, 'completed', 40, 10, null],
    ['the last lookup was less than an interval ago', false, 'unknown', 70, 10, 55],
    ['the message is one interval old', true, 'unknown', 75, 70, 65],
    ['the message is not yet twice as old', false, 'unknown', 115, 110, 45],
    ['the message is two intervals old', true, 'unknown', 125, 120, 65],
    ['the message is not yet four times as old', false, 'unknown', 230, 225, 100],
    ['the message is four intervals old', true, 'unknown', 245, 240, 100],
    ['the message is not yet eight times as old', false, 'unknown', 470, 460, 200],
    ['the message is eight intervals old', true, 'unknown', 490, 480, 200],
    ['the message waits for the end of the grace period', false, 'unknown', 805, 800, 100],
    ['the grace period is nearly over', true, 'unknown', 820, 815, 100],
    ['there was a lookup shortly before the end of the grace period', false, 'unknown', 890, 885, 62],
    ['the grace period is over', false, 'held', 950, 10, null],
    ['a lookup started and never ended', true, 'unknown', 890, 885, 200, 62],
    ['a lookup has just started', false, 'unknown', 890, 885, 200, 5],
  ])('is due if %s: %s', async (_, isDue, ...state) => {
    const turn = await turnAfter(...state);
    const [, sent] = state;
    const age = turn === undefined ? undefined : Math.round((turn.to.getTime() - turn.from.getTime()) / 1000);
    expect(age).toBe(isDue ? sent : undefined);
    expect(await takeTurn()).toBeUndefined();
  });

  it('belongs to one worker, however long it takes, until that is silent for an interval', async () => {
    const later = () =>
      pool.query(`update laaffic_outbox.account set lookup_alive_at = lookup_alive_at - interval '61 seconds'`);
    expect(await turnAfter('unknown', 890, 885, 200, 62)).toBeDefined();
    await later();
    await store.database.run(keepLookupTurn, { account: store.account });
    expect(await takeTurn()).toBeUndefined();
    await later();
    expect(await takeTurn()).toBeDefined();
  });
});

describe('the polling of reports that were not pushed', () => {
  it('asks for many single messages in one request', async () => {
    const database = await startDatabase();
    const sandbox = await LaafficSandbox.start({ queuedForMs: 0, deliveredAfterMs: 0 });
    const timing = { ...SOON, lookupIntervalMs: false, reportsAfterMs: 20_000 } as const;
    const app = await startApp(sandbox, { database: database.url, timing });
    const outbox = app.get(SmsOutbox);
    const pool = new Pool({ connectionString: database.url });
    const sent = await Promise.all(Array.from({ length: 50 }, () => outbox.send({ to: NUMBER, content: 'x' })));
    await pool.query(`update laaffic_outbox.chunk set poll_at = clock_timestamp()`);
    await until(async () => {
      const messages = await Promise.all(sent.map(({ id }) => outbox.find(id)));
      return messages.every((message) => message?.recipients[0]?.state === 'delivered');
    });
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/getReport'))).toHaveLength(1);
    await pool.end();
    await app.close();
    await sandbox.close();
    await database.close();
  });

  it('ends when each message has its final state', async () => {
    const database = await startDatabase();
    const sandbox = await LaafficSandbox.start({ deliveredAfterMs: null });
    const timing = { ...SOON, lookupIntervalMs: false, reportsAfterMs: 50 } as const;
    const app = await startApp(sandbox, { database: database.url, timing });
    const outbox = app.get(SmsOutbox);
    const pool = new Pool({ connectionString: database.url });
    sandbox.script({ endpoint: 'getReport', status: -22 });
    const { id } = await outbox.send({ to: [NUMBER, OTHER], content: 'x' });
    const [first, second] = sandbox.messages;
    sandbox.setDeliveryState(first!.msgId, 'delivered');
    await until(async () => (await outbox.find(id))!.recipients[0]!.state === 'delivered');
    sandbox.setDeliveryState(second!.msgId, 'failed');
    const chunk = `select poll_at, polls > 0 as polled from laaffic_outbox.chunk where id = $1`;
    await pool.query(`update laaffic_outbox.chunk set polls = 0, poll_at = clock_timestamp() where id = $1`, [id]);
    await until(async () => (await outbox.find(id))!.recipients[1]!.state === 'failed');
    await pool.query(`update laaffic_outbox.chunk set poll_at = clock_timestamp() where id = $1`, [id]);
    const [ended] = await until(async () => {
      const { rows } = await pool.query<{ poll_at: Date | null; polled: boolean }>(chunk, [id]);
      return rows[0]?.poll_at === null ? rows : undefined;
    });
    expect(ended).toEqual({ poll_at: null, polled: true });
    sandbox.assertScriptDone();
    await pool.end();
    await app.close();
    await sandbox.close();
    await database.close();
  });
});

describe('matchRecords', () => {
  const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1_000);
  const open = (chunkId: string, seconds: number, isSending = false) => ({
    chunkId,
    attempt: 1,
    slot: 0,
    number: NUMBER,
    sentAt: at(seconds),
    isSending,
  });
  const record = (msgId: string, seconds: number) => ({
    msgId,
    number: NUMBER,
    state: 'delivered' as const,
    at: at(seconds),
  });
  const assigned = (...given: Parameters<typeof matchRecords>) =>
    matchRecords(...given).map(({ msgId, place }) => [place?.chunkId, msgId]);

  it.each([
    ['one record to one recipient', [open('1', 0)], [record('a', 5)], [['1', 'a']]],
    [
      'two records to two recipients, in order',
      [open('2', 9), open('1', 0)],
      [record('b', 8), record('a', 5)],
      [
        ['1', 'a'],
        ['2', 'b'],
      ],
    ],
    ['no record if one is missing', [open('1', 0), open('2', 9)], [record('a', 5)], []],
    ['no record that is older than the request', [open('1', 100)], [record('a', 5)], []],
    [
      'no record to a request in flight, which uses up its share',
      [open('1', 0, true), open('2', 0)],
      [record('a', 5)],
      [],
    ],
    ['the other record', [open('1', 0, true), open('2', 1)], [record('a', 5), record('b', 6)], [['2', 'b']]],
    ['no record of another number', [open('1', 0)], [{ ...record('a', 5), number: OTHER }], []],
  ])('assigns %s', (_, recipients, records, expected) => {
    expect(assigned(recipients, records)).toEqual(expected);
  });
});
