import { type SmsOutbox, SmsCampaigns } from 'nestjs-laaffic-outbox';
import { failureOf } from '../module/account.js';
import { until } from '../until.js';
import { numbers, SHORT, Stage } from './stage.js';

jest.setTimeout(60_000);

const [NUMBER = '', ...OTHERS] = numbers(5);
const ACTOR = { actor: 'anna' };

let stage: Stage;
let outbox: SmsOutbox;
let campaigns: SmsCampaigns;

beforeAll(async () => {
  stage = await Stage.set();
  const { app, outbox: first } = await stage.app({ timing: { ...SHORT, lookupIntervalMs: false, gracePeriodMs: 50 } });
  outbox = first;
  campaigns = app.get(SmsCampaigns);
}, 60_000);
beforeEach(() => stage.clear());
afterAll(() => stage.close());

const shown = async (id: string) => (await outbox.find(id))?.recipients.map(({ state, number }) => [state, number]);
/** Whether any column of any table contains the text. */
async function isStored(text: string): Promise<string[]> {
  const tables = await stage.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'laaffic_outbox'::regnamespace and relkind = 'r'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await stage.query(`select from ${name} t where position($1 in t::text) > 0`, [text]);
    if (rows.length > 0) found.push(name);
  }
  return found;
}
const inCampaign = async (recipients: unknown[], more: object = {}) => {
  const given = { name: 'x', content: 'x', recipients: recipients as string[], sendAt: 'now' as const, ...more };
  const { id } = await campaigns.create(given);
  await until(
    async () => (await campaigns.getProgress(id)).state,
    (state) => state === 'done',
  );
  return id;
};

it('erases a person from what is finished, and the counts stay the same', async () => {
  const { id } = await outbox.send({ to: NUMBER, content: 'private' }, { reference: 'order 7' });
  stage.sandbox.script([{ status: -3 }]);
  const { id: rejected } = await outbox.send({ to: [NUMBER, OTHERS[0]!], content: 'x' });
  const going = await inCampaign([OTHERS[1]!, NUMBER, OTHERS[2]!]);
  const before = await campaigns.getProgress(going);

  expect(await outbox.eraseNumber(`+${NUMBER}`, ACTOR)).toEqual({ erased: 3, open: [] });

  expect(await isStored(NUMBER)).toEqual([]);
  expect(await isStored('private')).toEqual([]);
  expect(await shown(id)).toEqual([['accepted', undefined]]);
  // The other recipient of those that were rejected together can still be read.
  expect(await shown(rejected)).toEqual([['rejected', OTHERS[0]]]);
  expect(await campaigns.getProgress(going)).toEqual(before);
  const results: (string | undefined)[] = [];
  for await (const recipient of campaigns.listResults(going)) results.push(recipient.number);
  expect(results).toEqual([OTHERS[1], OTHERS[2]]);
  expect((await stage.events(id)).at(-1)).toBe('erased 1 recipients');
  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({ erased: 0, open: [] });
});

it('names what is not finished, and erases it once it is', async () => {
  const later = { sendAt: new Date(Date.now() + 86_400_000) };
  const { id: waiting } = await outbox.enqueue({ to: NUMBER, content: 'x' }, later);
  stage.sandbox.script([{ fault: 'cut-after-accepting' }]);
  const { id: held } = await outbox.enqueue({ to: [OTHERS[0]!, NUMBER], content: 'x' });
  await until(
    () => shown(held),
    (states) => states?.every(([state]) => state === 'held') === true,
  );
  const draft = await campaigns.create({ name: 'x', content: 'x', recipients: [OTHERS[1]!, OTHERS[2]!, NUMBER] });

  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({
    erased: 0,
    open: [
      { messageId: waiting, position: 0 },
      { messageId: held, position: 1 },
      { campaignId: draft.id, position: 2 },
    ],
  });
  expect(await shown(waiting)).toEqual([['pending', NUMBER]]);

  await outbox.cancel(waiting);
  await outbox.resolveHeld(held, 'abandon', { ...ACTOR, positions: [1] });
  await campaigns.cancel(draft.id);
  await until(
    async () => (await campaigns.getProgress(draft.id)).cancelled,
    (cancelled) => cancelled === 3,
  );
  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({ erased: 3, open: [] });
  expect(await isStored(NUMBER)).toEqual([]);
  expect(await shown(held)).toEqual([['held', OTHERS[0]]]);
});

it('a resend of the rejected recipients of a campaign does not reach an erased one', async () => {
  stage.sandbox.script([{ status: -3 }]);
  const id = await inCampaign([NUMBER, OTHERS[0]!]);
  expect(await campaigns.getProgress(id)).toMatchObject({ rejected: 2 });
  await outbox.eraseNumber(NUMBER, ACTOR);
  expect(await campaigns.retryRejected(id, ACTOR)).toBe(1);
  await until(
    () => campaigns.getProgress(id),
    ({ accepted, state }) => accepted === 1 && state === 'done',
  );
  expect(stage.sandbox.messages.map(({ number }) => number)).toEqual([OTHERS[0]]);
});

it('erases invalid entries, reports and pushes that name the person', async () => {
  await inCampaign([NUMBER, NUMBER, `+${NUMBER} `, OTHERS[0]!], { duplicates: 'reject' });
  await stage.query(
    `insert into unmatched_report (account, msg_id, number, state) values ('4luaKsL2', 'x', $1, 'delivered')`,
    [NUMBER],
  );
  await stage.query(
    `insert into unreadable_push (account, route, reason, body, digest) values ('4luaKsL2', 'reports', 'x', convert_to($1, 'UTF8'), 'x')`,
    [`{"mobile": "${NUMBER}"`],
  );
  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({ erased: 1, open: [] });
  expect(await isStored(NUMBER)).toEqual([]);
  expect(await stage.query('select from unreadable_push')).toEqual([]);
});

it('leaves longer numbers and other accounts alone', async () => {
  const { id } = await outbox.send({ to: `${NUMBER}1`, content: 'x' });
  const { id: theirs } = await outbox.send({ to: NUMBER, content: 'x' });
  await stage.query(`update chunk set account = 'another' where id = $1`, [theirs]);
  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({ erased: 0, open: [] });
  expect(await shown(id)).toEqual([['accepted', `${NUMBER}1`]]);
});

it('finds a number behind thousands of others', async () => {
  await outbox.enqueueMany(
    numbers(2_500, 1_000).map((to) => ({ to, content: 'x' })),
    { sendAt: new Date(Date.now() + 86_400_000) },
  );
  const { id } = await outbox.enqueue({ to: NUMBER, content: 'x' }, { sendAt: new Date(Date.now() + 86_400_000) });
  expect(await outbox.eraseNumber(NUMBER, ACTOR)).toEqual({ erased: 0, open: [{ messageId: id, position: 0 }] });
});

it.each([
  ['12', ACTOR, 'number must be a phone number with country code'],
  [undefined as never, ACTOR, 'number must be a phone number with country code'],
  [NUMBER, { actor: '' }, 'actor must be text of 1 to 255 characters'],
])('eraseNumber(%j, %j) is rejected', async (number, options, problem) => {
  expect(await failureOf(outbox.eraseNumber(number, options))).toMatchObject({
    message: expect.stringContaining(problem),
  });
});
