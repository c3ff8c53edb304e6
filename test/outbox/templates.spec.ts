import { randomBytes } from 'node:crypto';
import { LaafficInputException } from 'nestjs-laaffic';
import {
  openOutbox,
  OutboxError,
  SmsTemplates,
  type InvalidMessage,
  type NewSms,
  type SmsOutbox,
  type StoredSms,
} from 'nestjs-laaffic-outbox';
import { Client, Pool } from 'pg';
import { failureOf } from '../module/account.js';
import { numbers, Stage } from './stage.js';
import { until } from '../until.js';

const ALICE = { actor: 'alice' };
const [TO = ''] = numbers(1);

let stage: Stage;
let outbox: SmsOutbox;
let templates: SmsTemplates;

beforeAll(async () => {
  stage = await Stage.set();
  const started = await stage.app();
  outbox = started.outbox;
  templates = started.app.get(SmsTemplates);
});
beforeEach(async () => {
  await stage.clear();
  await stage.query('with versions as (delete from template_version) delete from template');
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

const english = (text: string) => ({ texts: { en: text }, defaultLocale: 'en' });
const put = (text: string, name = 'hello') => templates.put(name, english(text), ALICE);
const contents = async () =>
  (await stage.query<{ content: string }>('select content from chunk order by id')).map(({ content }) => content);
const history = async () =>
  (await outbox.listHistory()).entries
    .filter(({ event }) => event.startsWith('template'))
    .map(({ event, actor, detail }) => [event, actor, detail])
    .reverse();
/** Counts the statements about templates that this process runs from now on. */
function countReads(): () => number {
  const spy = jest.spyOn(Client.prototype, 'query');
  const textOf = (query: unknown) =>
    typeof query === 'string' ? query : (query as { text?: string } | undefined)?.text;
  return () => spy.mock.calls.filter(([query]) => textOf(query)?.includes('template_version') === true).length;
}
const issuesOf = async (work: Promise<unknown>) => {
  const error = await failureOf(work);
  expect(error).toBeInstanceOf(LaafficInputException);
  return (error as LaafficInputException).issues;
};

describe('a template', () => {
  const texts = { en: 'Hello {{name|friend}}, order {{order}}', 'pt-BR': 'Pedido {{order}} 😀' };

  it('is stored with its versions, and found with its variables', async () => {
    expect(await templates.put('order.sent_1-a', { texts, defaultLocale: 'en', maxParts: 2 }, ALICE)).toEqual({
      version: 1,
      isNew: true,
    });
    const changed = { texts: { en: 'Order {{order}}' }, defaultLocale: 'en', keepsLineEnds: true };
    expect(await templates.put('order.sent_1-a', changed, { actor: 'bob' })).toEqual({ version: 2, isNew: true });
    const rest = { createdAt: expect.any(Date) as Date, changedAt: expect.any(Date) as Date };
    const first = {
      ...{ name: 'order.sent_1-a', version: 1, texts, defaultLocale: 'en', maxParts: 2, keepsLineEnds: false },
      variables: [
        { name: 'name', isRequired: false },
        { name: 'order', isRequired: true },
      ],
      ...{ actor: 'alice', ...rest },
    };
    const second = {
      ...{ name: 'order.sent_1-a', version: 2, ...changed, variables: [{ name: 'order', isRequired: true }] },
      ...{ actor: 'bob', ...rest },
    };
    expect(await templates.find('order.sent_1-a')).toEqual(second);
    expect(await templates.find('order.sent_1-a', 1)).toEqual(first);
    expect(await templates.list()).toEqual([second]);
    for (const version of [0, 3, -1, 1.5, 2 ** 40, Number.NaN]) {
      expect(await templates.find('order.sent_1-a', version)).toBeUndefined();
    }
    for (const name of ['Order.sent_1-a', '', 'a\0', 'a'.repeat(10_000)]) {
      expect(await templates.find(name)).toBeUndefined();
    }
    expect(await history()).toEqual([
      ['template changed', 'alice', 'order.sent_1-a: version 1'],
      ['template changed', 'bob', 'order.sent_1-a: version 2'],
    ]);
  });

  it('has a new version only if something changed', async () => {
    const base = { texts: { en: 'a', de: 'b' }, defaultLocale: 'en', maxParts: 1 };
    const versions: unknown[] = [];
    for (const next of [
      base,
      { ...base, texts: { de: 'b', EN: 'a' } },
      { ...base, texts: { en: 'a', de: 'c' } },
      { ...base, texts: { en: 'a' } },
      { ...base, texts: { en: 'a' }, maxParts: undefined },
      { ...base, texts: { en: 'a' }, maxParts: undefined, keepsLineEnds: false },
      { ...base, texts: { en: 'a' }, maxParts: undefined, keepsLineEnds: true },
      base,
      { ...base, defaultLocale: 'de' },
    ]) {
      const { version, isNew } = await templates.put('same', next, ALICE);
      versions.push(isNew ? version : 'same');
    }
    expect(versions).toEqual([1, 'same', 2, 3, 4, 'same', 5, 6, 7]);
  });

  it('has one version after another, also if several calls change it at the same time', async () => {
    const different = await Promise.all(Array.from({ length: 8 }, (_, index) => put(`text ${index}`, 'busy')));
    expect(different.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    const same = await Promise.all(Array.from({ length: 8 }, () => put('the same', 'calm')));
    expect(same.map(({ version, isNew }) => [version, isNew]).sort()).toEqual([
      ...Array.from({ length: 7 }, () => [1, false]),
      [1, true],
    ]);
  });

  it.each([
    ['', english('x'), ALICE, ['name']],
    ['a b', english('x'), ALICE, ['name']],
    ['.a', english('x'), ALICE, ['name']],
    ['a/b', english('x'), ALICE, ['name']],
    ['a\n', english('x'), ALICE, ['name']],
    ['ä', english('x'), ALICE, ['name']],
    ['a'.repeat(101), english('x'), ALICE, ['name']],
    [7, english('x'), ALICE, ['name']],
    ['a', english('x'), {}, ['actor']],
    ['a', english('x'), { actor: ' ' }, ['actor']],
    ['a', english('x'), undefined, ['actor']],
    ['a', english('{{'), ALICE, ['texts.en']],
    ['a', null, null, ['actor', 'texts', 'defaultLocale']],
  ])('is rejected with the name %j and %j: %j', async (name, template, options, fields) => {
    const issues = await issuesOf(templates.put(name as string, template as never, options as never));
    expect(issues.map(({ field }) => field)).toEqual(fields);
    expect(await templates.list({ includesArchived: true })).toEqual([]);
  });

  it('is listed by name, page by page', async () => {
    for (const name of ['b', 'B', 'a', 'c', 'a-1']) await put('x', name);
    await templates.archive('c', ALICE);
    const names = async (filter: Parameters<SmsTemplates['list']>[0]) =>
      (await templates.list(filter)).map(({ name }) => name);
    expect(await names({})).toEqual(['B', 'a', 'a-1', 'b']);
    expect(await names({ includesArchived: true })).toEqual(['B', 'a', 'a-1', 'b', 'c']);
    expect(await names({ limit: 2 })).toEqual(['B', 'a']);
    expect(await names({ limit: 2, after: 'a' })).toEqual(['a-1', 'b']);
    for (const [filter, field] of [
      [{ limit: 0 }, 'limit'],
      [{ limit: 101 }, 'limit'],
      [{ after: 'a b' }, 'after'],
      [{ includesArchived: 'yes' }, 'includesArchived'],
    ] as const) {
      expect((await issuesOf(templates.list(filter as never))).map((issue) => issue.field)).toEqual([field]);
    }
  });

  it('can be archived once, is then for no new message, and comes back with a new version', async () => {
    await put('x');
    const sms = { to: TO, template: { name: 'hello' } };
    await outbox.enqueue(sms);
    expect(await templates.archive('hello', ALICE)).toBe(true);
    expect(await templates.archive('hello', ALICE)).toBe(false);
    expect(await templates.find('hello')).toMatchObject({ version: 1, archivedAt: expect.any(Date) as Date });
    expect(await issuesOf(outbox.enqueue(sms))).toEqual([
      { field: 'template.name', problem: 'is the name of an archived template' },
    ]);
    expect((await templates.preview('hello')).content).toBe('x');
    expect(await put('x')).toEqual({ version: 2, isNew: true });
    await outbox.enqueue(sms);
    expect(await contents()).toEqual(['x', 'x']);
    expect((await history()).map(([event, , detail]) => `${String(event)} ${String(detail)}`)).toEqual([
      'template changed hello: version 1',
      'template archived hello',
      'template changed hello: version 2',
    ]);
    expect(await failureOf(templates.archive('none', ALICE))).toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
    expect((await issuesOf(templates.archive('', ALICE))).map(({ field }) => field)).toEqual(['name']);
  });

  it('can be previewed, with the parts that it needs', async () => {
    await templates.put('order', { texts, defaultLocale: 'en', maxParts: 2 }, ALICE);
    expect(await templates.preview('order', { vars: { order: 7 }, locale: 'pt-PT' })).toMatchObject({
      ...{ content: 'Hello friend, order 7', locale: 'en', version: 1 },
      segments: { encoding: 'gsm-7', parts: 1, units: 21 },
    });
    expect(await templates.preview('order', { vars: { order: 7 }, locale: 'pt-br' })).toMatchObject({
      ...{ content: 'Pedido 7 😀', locale: 'pt-BR' },
      segments: { encoding: 'ucs-2', parts: 1 },
    });
    expect(await issuesOf(templates.preview('order', { locale: '?' }))).toEqual([
      { field: 'locale', problem: 'must be a BCP 47 language tag, such as pt-BR' },
      { field: 'vars.order', problem: 'has no value, and the template has no fallback for it' },
    ]);
    expect(await failureOf(templates.preview('none'))).toMatchObject({ code: 'OUTBOX_NOT_FOUND' });
    expect(await contents()).toEqual([]);
  });

  it('belongs to its account', async () => {
    await stage.query(`insert into account (id) values ('other') on conflict do nothing`);
    const other = await openOutbox(stage.pool, 'other');
    await put('mine');
    await other.templates.put('hello', english('other'), ALICE);
    expect((await templates.preview('hello')).content).toBe('mine');
    await other.outbox.enqueue({ to: TO, template: { name: 'hello' } });
    await other.templates.archive('hello', ALICE);
    await outbox.enqueue({ to: TO, template: { name: 'hello' } });
    expect(await contents()).toEqual(['other', 'mine']);
  });
});

describe('a message with a template', () => {
  it('is sent with the text of its values and locale', async () => {
    await templates.put('hello', { texts: { en: 'Hello {{name}}', de: 'Hallo {{name}}' }, defaultLocale: 'en' }, ALICE);
    const vars = { name: '{{name}}\n\u202eAnna' };
    const { receipt } = await outbox.send({ to: TO, template: { name: 'hello', vars, locale: 'de-CH' } });
    expect(receipt?.accepted).toHaveLength(1);
    expect(stage.sandbox.messages.map(({ content }) => content)).toEqual(['Hallo ((name)) Anna']);
  });

  it('keeps its text when the template changes, and later messages have the new one', async () => {
    await put('old {{a}}');
    const sms = (a: number) => ({ to: TO, template: { name: 'hello', vars: { a } } });
    await outbox.enqueue(sms(1), { sendAt: new Date(Date.now() + 60_000) });
    await put('new {{a}}');
    await outbox.enqueue(sms(2), { sendAt: new Date(Date.now() + 60_000) });
    expect(await contents()).toEqual(['old 1', 'new 2']);
  });

  it('has the new text in other processes as soon as they are notified', async () => {
    const { outbox: second } = await stage.app({ worker: false });
    await put('old');
    const send = async () => {
      await second.enqueue({ to: TO, template: { name: 'hello' } });
      return (await contents()).at(-1);
    };
    expect(await send()).toBe('old');
    await put('new');
    expect(await until(send, (content) => content === 'new')).toBe('new');
  });

  it.each([
    [{ to: TO }, ['content']],
    [{ to: TO, content: 'x', template: { name: 'hello' } }, ['template']],
    [{ to: '12', template: { name: 'none' } }, ['to', 'template.name']],
    [{ to: TO, template: { name: 'hello' } }, ['template.vars.a']],
    [
      { to: TO, template: { name: 'hello', vars: { a: 'x'.repeat(161) }, locale: '' } },
      ['template.locale', 'template.vars.a'],
    ],
    [{ to: TO, template: { name: 'hello', vars: 7 } }, ['template.vars']],
    [null, ['to', 'content']],
  ])('is rejected if it is %j', async (command, fields) => {
    await put('{{a}}');
    for (const call of [
      () => outbox.enqueue(command as never),
      () => outbox.send(command as never, { timeoutMs: 0 }),
    ]) {
      expect((await issuesOf(call())).map(({ field }) => field)).toEqual(fields);
    }
    const invalid: InvalidMessage[] = [];
    await outbox.enqueueMany([command as never], { onInvalid: (message) => invalid.push(message) });
    expect(invalid.map(({ issues }) => issues.map(({ field }) => field))).toEqual([fields]);
    expect(await contents()).toEqual([]);
  });

  it('never shows a value or a text in an error', async () => {
    await templates.put('hello', { ...english(`${'x'.repeat(150)}secret text {{a}} {{b}}`), maxParts: 2 }, ALICE);
    const wrong = [{ a: 'hidden value', b: {} }, { a: 'hidden value'.repeat(20), b: 'x' }, { a: 'hidden value' }];
    const long = { a: 'hidden value', b: 'я'.repeat(100) };
    for (const vars of [...wrong, long]) {
      const error = await failureOf(outbox.enqueue({ to: TO, template: { name: 'hello', vars: vars as never } }));
      expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).stack)}`).not.toMatch(
        /hidden|secret|я/,
      );
    }
    const broken = await failureOf(put('hidden {{secret text}}'));
    expect(`${String(broken)} ${JSON.stringify(broken)}`).not.toMatch(/hidden|secret/);
  });

  it('with an idempotency key is the message of its rendered text', async () => {
    await put('Hello {{a}}');
    const key = { idempotencyKey: 'k', sendAt: new Date(Date.now() + 60_000) };
    const template = (a: string) => ({ to: TO, template: { name: 'hello', vars: { a } } });
    const first = await outbox.enqueue(template('x'), key);
    expect(await outbox.enqueue(template('x'), key)).toEqual({ id: first.id, isNew: false });
    expect(await outbox.enqueue({ to: TO, content: 'Hello x' }, key)).toEqual({ id: first.id, isNew: false });
    expect(await failureOf(outbox.enqueue(template('y'), key))).toMatchObject({ code: 'OUTBOX_KEY_REUSED' });
    await put('Dear {{a}}');
    expect(await failureOf(outbox.enqueue(template('x'), key))).toMatchObject({ code: 'OUTBOX_KEY_REUSED' });
    expect(await contents()).toEqual(['Hello x']);
  });

  it('can be sealed', async () => {
    const { outbox: sealing } = await stage.app({ worker: false, sealKeys: [randomBytes(32).toString('base64')] });
    await put('Your code is {{code}}', 'code');
    const sms = { to: TO, template: { name: 'code', vars: { code: 123_456 } } };
    const { id } = await sealing.enqueue(sms, { sealed: true });
    expect((await sealing.find(id))?.sealed).toBe(true);
    expect((await contents()).join()).not.toContain('123456');
  });

  it('takes one statement once the template is known', async () => {
    const { outbox: other } = await stage.app({ worker: false, notify: false });
    await put('x');
    const count = countReads();
    const sms = { to: TO, template: { name: 'hello' } };
    await Promise.all([other.enqueue(sms), other.enqueue(sms)]);
    await other.enqueue(sms);
    await other.enqueue({ to: TO, content: 'x' });
    expect(count()).toBe(1);
  });

  it('reads its template in the transaction of the caller, which may have the only connection', async () => {
    const pool = new Pool({ connectionString: stage.database.url, max: 1 });
    const { outbox: other } = await stage.app({ worker: false, database: pool, notify: false });
    await put('Hello {{a}}');
    const client = await pool.connect();
    await client.query('begin');
    const template = { name: 'hello', vars: { a: 1 } };
    await other.enqueue({ to: TO, template }, { transaction: client });
    await other.enqueueMany([{ to: TO, template }], { transaction: client });
    expect(await contents()).toEqual([]);
    await client.query('commit');
    client.release();
    expect(await contents()).toEqual(['Hello 1', 'Hello 1']);
    await pool.end();
  });
});

describe('enqueueMany with templates', () => {
  it('renders each message with its own values, and mixes with texts', async () => {
    await templates.put('hello', { texts: { en: 'Hello {{name}}', de: 'Hallo {{name}}' }, defaultLocale: 'en' }, ALICE);
    const { outbox: other } = await stage.app({ worker: false, notify: false });
    const count = countReads();
    const names = ['Anna', '', '𝓞', '{{name}}', 'x'.repeat(161)];
    const messages = names.map((name, index): NewSms => ({
      to: TO,
      template: { name: 'hello', vars: { name }, ...(index === 2 ? { locale: 'de' } : {}) },
    }));
    const invalid: InvalidMessage[] = [];
    const stored: StoredSms[] = [];
    const result = await other.enqueueMany([...messages, { to: TO, content: 'plain', reference: 'r' }], {
      onInvalid: (message) => invalid.push(message),
      onStored: (batch) => stored.push(...batch),
    });
    expect(result).toEqual({ added: 4, existing: 0, invalid: 2 });
    expect(invalid).toEqual([
      {
        ...{ position: 1, code: 'LAAFFIC_INVALID_COMMAND' },
        issues: [{ field: 'template.vars.name', problem: 'has no value, and the template has no fallback for it' }],
      },
      {
        ...{ position: 4, code: 'LAAFFIC_INVALID_COMMAND' },
        issues: [{ field: 'template.vars.name', problem: 'must have at most 160 characters' }],
      },
    ]);
    expect(stored.map(({ position }) => position)).toEqual([0, 2, 3, 5]);
    expect(await contents()).toEqual(['Hello Anna', 'Hallo 𝓞', 'Hello ((name))', 'plain']);
    expect(count()).toBe(1);
  });

  it('reads a stream of thousands with one template', async () => {
    await put('Hello {{a}}');
    function* source(): Generator<NewSms> {
      for (let a = 0; a < 5_000; a++) yield { to: TO, template: { name: 'hello', vars: { a } } };
    }
    const later = { sendAt: new Date(Date.now() + 60_000) };
    expect(await outbox.enqueueMany(source(), later)).toEqual({ added: 5_000, existing: 0, invalid: 0 });
    const expected = Array.from({ length: 5_000 }, (_, a) => `Hello ${a}`);
    expect((await contents()).sort()).toEqual(expected.sort());
  });

  it('stores the messages before one whose template cannot be read', async () => {
    const { outbox: other } = await stage.app({ worker: false });
    await stage.query('alter table template rename to gone');
    try {
      const sms: NewSms = { to: TO, template: { name: 'hello' } };
      const error = await failureOf(other.enqueueMany([{ to: TO, content: 'before' }, sms]));
      expect(error).toMatchObject({ code: 'OUTBOX_SCHEMA_MISSING', progress: { added: 1 }, outcome: 'unknown' });
      expect(await failureOf(other.enqueue(sms))).toBeInstanceOf(OutboxError);
      expect(await contents()).toEqual(['before']);
    } finally {
      await stage.query('alter table gone rename to template');
    }
  });
});
