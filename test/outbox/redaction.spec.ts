import { randomBytes } from 'node:crypto';
import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import { getOutboxStoreToken, OutboxExtension, type OutboxStore } from 'nestjs-laaffic-outbox/extension';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { numbers, SHORT, Stage } from './stage.js';

const [TO = ''] = numbers(1);
const DAY_MS = 24 * 60 * 60_000;
const NO_TABLES = {
  marker: 'example',
  command: 'migrate',
  migrations: [],
  functions: { digest: '00000000', text: '' },
};

let stage: Stage;
let outbox: SmsOutbox;
let extension: OutboxExtension;

const extensionOf = (store: OutboxStore) =>
  OutboxExtension.open(store, NO_TABLES, { schema: 'example', migrate: true });

beforeAll(async () => {
  stage = await Stage.set();
  const timing = { ...SHORT, gracePeriodMs: 50 };
  const { app, outbox: first } = await stage.app({ sealKeys: [randomBytes(32)], timing });
  outbox = first;
  extension = await extensionOf(app.get<OutboxStore>(getOutboxStoreToken()));
});
beforeEach(() => stage.clear());
afterAll(() => stage.close());

const shown = async (id: string) => (await outbox.find(id))?.recipients.map(({ state, number }) => [state, number]);
const becomes = (id: string, state: string) =>
  until(
    () => shown(id),
    (recipients) => recipients?.[0]?.[0] === state,
  );
/** Every table of the schema that contains the text. */
async function tablesWith(text: string): Promise<string[]> {
  const tables = await stage.query<{ name: string }>(
    `select table_name as name from information_schema.tables where table_schema = 'laaffic_outbox' and table_type = 'BASE TABLE'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await stage.query(`select from "${name}" t where position($1 in t::text) > 0`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
const age = (id: string, milliseconds: number) =>
  stage.query(`update chunk set changed_at = changed_at - $2::float8 * interval '1 millisecond' where id = $1`, [
    id,
    milliseconds,
  ]);

it('erases the number of an accepted message at once, and a report that comes later finds it by its message id', async () => {
  const { id } = await outbox.send({ to: TO, content: 'x' });
  expect(await extension.redactMessages([id])).toEqual([]);
  expect(await tablesWith(TO)).toEqual([]);
  expect(await shown(id)).toEqual([['accepted', undefined]]);
  const reporting = await stage.app({ timing: { ...SHORT, reportsAfterMs: 50 } });
  try {
    const [{ msgId } = { msgId: '' }] = stage.sandbox.messages;
    stage.sandbox.setDeliveryState(msgId, 'failed');
    await stage.query(`update chunk set poll_at = now() where id = $1`, [id]);
    await becomes(id, 'failed');
  } finally {
    await stage.stop(reporting.app);
  }
  expect(await shown(id)).toEqual([['failed', undefined]]);
  expect(await tablesWith(TO)).toEqual([]);
});

it('erases a number of which only the number of the message is left to store', async () => {
  const { id } = await outbox.send({ to: TO, content: 'x' });
  const [{ msgId } = { msgId: '' }] = stage.sandbox.messages;
  await stage.query(`delete from recipient; delete from pending_result`);
  await stage.query(`insert into pending_result (chunk_id, msg_ids) values ($1, $2)`, [id, msgId]);
  expect(await extension.readAcceptances([id])).toEqual([{ id, number: TO, msgId, isOpen: false }]);
  expect(await extension.redactMessages([id])).toEqual([]);
  expect((await outbox.find(id))?.recipients).toMatchObject([{ state: 'accepted', msgId }]);
  expect(await extension.readAcceptances([id])).toEqual([{ id, msgId, isOpen: false }]);
});

it.each([
  ['sealed', true, 'OUTBOX_KEY_REUSED'],
  ['plain', false, undefined],
])('a repeated call with the key of a %s message still finds it', async (_, sealed, code) => {
  const options = { idempotencyKey: `key ${sealed}`, sealed };
  const { id } = await outbox.enqueue({ to: TO, content: 'x' }, options);
  await becomes(id, 'accepted');
  await extension.redactMessages([id]);
  expect(await outbox.enqueue({ to: TO, content: 'x' }, options)).toMatchObject({ id });
  // Without a keyed fingerprint there is nothing left to compare with.
  const other = outbox.enqueue({ to: TO, content: 'y' }, options);
  if (code === undefined) expect(await other).toMatchObject({ id });
  else expect(await failureOf(other)).toMatchObject({ code });
});

it('waits for the end of a message that is pending', async () => {
  const { id } = await outbox.enqueue({ to: TO, content: 'x' }, { sendAt: new Date(Date.now() + 60_000) });
  expect(await extension.redactMessages([id])).toEqual([id]);
  expect(await extension.readAcceptances([id])).toEqual([{ id, number: TO, isOpen: true }]);
  await outbox.cancel(id);
  expect(await extension.redactMessages([id])).toEqual([]);
  expect(await shown(id)).toEqual([['cancelled', undefined]]);
  expect(await tablesWith(TO)).toEqual([]);
});

it('waits a day for a report of a message that may have been sent', async () => {
  stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
  const { id } = await outbox.enqueue({ to: TO, content: 'x' }, { onUnconfirmed: 'abandon' });
  await becomes(id, 'abandoned');
  expect(await extension.redactMessages([id])).toEqual([id]);
  await age(id, DAY_MS - 60_000);
  expect(await extension.redactMessages([id])).toEqual([id]);
  await age(id, 60_000);
  expect(await extension.redactMessages([id])).toEqual([]);
  expect(await tablesWith(TO)).toEqual([]);
});

it('waits for a message that a person has to decide', async () => {
  stage.sandbox.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
  const { id } = await outbox.enqueue({ to: TO, content: 'x' }, { onUnconfirmed: 'hold' });
  await becomes(id, 'held');
  await age(id, 30 * DAY_MS);
  expect(await extension.redactMessages([id])).toEqual([id]);
});

it('erases the reason of a rejection', async () => {
  stage.sandbox.script({ status: -3, reason: `no ${TO}` });
  const { id } = await outbox.enqueue({ to: TO, content: 'x' });
  await becomes(id, 'rejected');
  expect(await extension.redactMessages([id])).toEqual([]);
  expect(await tablesWith(TO)).toEqual([]);
});

it('never waits for a message that another process is working on', async () => {
  const { id } = await outbox.send({ to: TO, content: 'x' });
  const client = await stage.pool.connect();
  try {
    await client.query('begin');
    await client.query(`select from laaffic_outbox.chunk where id = $1 for no key update`, [id]);
    expect(await extension.redactMessages([id])).toEqual([id]);
    await client.query('rollback');
  } finally {
    client.release();
  }
  expect(await extension.redactMessages([id])).toEqual([]);
});

it('leaves alone campaigns, other accounts, and what is gone, and needs no ids', async () => {
  const { id } = await outbox.send({ to: TO, content: 'x' });
  await stage.query(`update chunk set account = 'another' where id = $1`, [id]);
  expect(await extension.redactMessages([id, '999999'])).toEqual([]);
  expect(await extension.readAcceptances([id, '999999'])).toEqual([]);
  expect(await tablesWith(TO)).toContain('chunk');
  expect(await extension.redactMessages([])).toEqual([]);
  expect(await extension.readAcceptances([])).toEqual([]);
});
