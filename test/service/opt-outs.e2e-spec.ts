import { GatewayAccount } from '../../src/gateway/gateway.account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { invalidField, NOT_FOUND, SECRET, sql, startService, type Service } from './service.js';

let database: TestDatabase;
let service: Service;
const ADMIN = { Authorization: 'Bearer the-key-of-the-admin-1' };
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, API_KEYS: 'shop:the-key-of-the-admin-1' });
  service.app.get(GatewayAccount).pushTo(service.url, SECRET);
});
afterAll(async () => {
  await service.close();
  await database.close();
});
beforeEach(async () => {
  await sql(database.url, 'delete from opt_out; delete from inbound');
});

const INSTANT = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string;
const post = async (path: string, body: unknown) => {
  const answer = await service.post(path, body, ADMIN);
  return { status: answer.status, body: answer.body as unknown };
};
const get = async (path: string, headers: Record<string, string> = {}) => {
  const answer = await service.get(path, { ...ADMIN, ...headers });
  return { status: answer.status, text: answer.text, body: answer.body as unknown };
};
const upload = async (query: string, type: string, body: string) => {
  const answer = await service.post(`/v1/opt-outs${query}`, body, { ...ADMIN, 'Content-Type': type });
  return { status: answer.status, body: answer.body as unknown };
};
const rowsOf = ({ text }: { readonly text: string }) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

let second = 0;
/** A person writes to the account, and the platform pushes it. */
async function write(from: string, content: string): Promise<void> {
  // Two messages of one second with one text would be one.
  const at = Date.UTC(2026, 0, 1, 0, 0, second++);
  service.sandbox!.addInboundMessage({ from, to: 'ACME', content, at });
  await service.sandbox!.waitForPushes();
}

interface Page {
  readonly messages: readonly { readonly id: string; readonly from: string; readonly type: string }[];
  readonly before?: string;
}
const inbound = async (query = '') => (await get(`/v1/inbound${query}`)).body as Page;

describe('replies', () => {
  it('a reply that means STOP is stored, and is an opt-out at once', async () => {
    await write('91856321412', 'STOP');
    expect((await get('/v1/inbound')).body).toEqual({
      messages: [
        {
          ...{ id: expect.any(String), from: '91856321412', to: 'ACME', content: 'STOP', type: 'opt-out' },
          ...{ at: INSTANT, receivedAt: INSTANT },
        },
      ],
    });
    expect(await post('/v1/opt-outs/check', { numbers: ['+91 8563 21412', '91856321413'] })).toEqual({
      status: 200,
      body: { optOuts: [{ number: '91856321412', reason: 'reply', actor: 'recipient', since: INSTANT }] },
    });
    await write('91856321412', 'START');
    expect((await post('/v1/opt-outs/check', { numbers: ['91856321412'] })).body).toEqual({ optOuts: [] });
  });

  it('are listed in pages, newest first, by type and by number', async () => {
    await write('91856321412', 'hello');
    await write('91856321413', 'STOP');
    await write('91856321412', 'مرحبا');
    const first = await inbound('?limit=2');
    expect(first.messages.map(({ from }) => from)).toEqual(['91856321412', '91856321413']);
    expect(first.before).toBe(first.messages[1]!.id);
    const last = await inbound(`?limit=2&before=${first.before!}`);
    expect([last.messages.map(({ from }) => from), last.before]).toEqual([['91856321412'], undefined]);
    expect((await inbound('?type=opt-out')).messages.map(({ from }) => from)).toEqual(['91856321413']);

    const found = await post('/v1/inbound/search', { number: '+91 8563 21412', limit: 1 });
    const page = found.body as Page;
    expect([found.status, page]).toEqual([
      200,
      { messages: [expect.objectContaining({ content: 'مرحبا' })], before: page.messages[0]!.id },
    ]);
    const rest = await post('/v1/inbound/search', { number: '91856321412', before: page.before, type: 'other' });
    expect(rest.body).toEqual({ messages: [expect.objectContaining({ content: 'hello', type: 'other' })] });
  });

  it('a person decides about an unclear reply once', async () => {
    await write('91856321412', 'please do not stop by on Monday');
    const { id, type } = (await inbound()).messages[0]!;
    expect(type).toBe('unclear');
    const reviewed = await post(`/v1/inbound/${id}/review`, { type: 'opt-out', actor: 'ann' });
    expect(reviewed).toEqual({
      status: 200,
      body: expect.objectContaining({ id, type: 'opt-out', reviewedBy: 'ann (key shop)' }),
    });
    expect((await get(`/v1/inbound/${id}`)).body).toEqual(reviewed.body);
    expect((await post('/v1/opt-outs/check', { numbers: ['91856321412'] })).body).toEqual({
      optOuts: [{ number: '91856321412', reason: 'reply', actor: 'ann (key shop)', since: INSTANT }],
    });
    expect(await post(`/v1/inbound/${id}/review`, { type: 'other' })).toEqual({
      status: 409,
      body: {
        ...{ statusCode: 409, error: 'Conflict', code: 'OUTBOX_WRONG_STATE', outcome: 'rejected' },
        message: 'The message is not unclear, or is erased',
      },
    });
  });

  it.each(['999999', '0', 'x', '-1', '99999999999999999999', '%00'])('there is no message %s', async (id) => {
    expect((await get(`/v1/inbound/${id}`)).body).toEqual(NOT_FOUND);
    expect((await post(`/v1/inbound/${id}/review`, { type: 'other' })).body).toEqual(NOT_FOUND);
  });

  it.each<[string, object, string]>([
    ['no number', {}, 'number'],
    ['a number without country code', { number: '0856321412' }, 'number'],
    ['a number as JSON number', { number: 91856321412 }, 'number'],
    ['an unknown type', { number: '91856321412', type: 'stop' }, 'type'],
    ['a type as list', { number: '91856321412', type: ['opt-out'] }, 'type'],
    ['an impossible id', { number: '91856321412', before: 'x' }, 'before'],
    ['a huge id', { number: '91856321412', before: '9999999999999999999' }, 'before'],
    ['no limit at all', { number: '91856321412', limit: 0 }, 'limit'],
    ['a large limit', { number: '91856321412', limit: 1_001 }, 'limit'],
    ['a limit as text', { number: '91856321412', limit: '5' }, 'limit'],
    ['an unknown field', { number: '91856321412', after: '5' }, 'after'],
  ])('a search with %s is rejected', async (_, body, field) => {
    expect((await post('/v1/inbound/search', body)).body).toEqual(invalidField(expect.any(String), field));
  });

  it.each([
    ['?type=stop', 'type'],
    ['?before=x', 'before'],
    ['?limit=0', 'limit'],
    ['?number=91856321412', 'number'],
  ])('the list rejects the query %s', async (query, field) => {
    expect((await get(`/v1/inbound${query}`)).body).toEqual(invalidField(expect.any(String), field));
  });

  it.each<[string, object, string]>([
    ['no type', {}, 'type'],
    ['another type', { type: 'opt-in' }, 'type'],
    ['an empty actor', { type: 'other', actor: ' ' }, 'actor'],
  ])('a review with %s is rejected', async (_, body, field) => {
    expect((await post('/v1/inbound/1/review', body)).body).toEqual(invalidField(expect.any(String), field));
  });
});

describe('an opt-out', () => {
  it('is added once, ends with a consent, and begins again', async () => {
    const optOut = { number: '+91 8563 21412', reason: 'asked by phone', actor: 'ann' };
    expect(await post('/v1/opt-outs', optOut)).toEqual({ status: 201, body: { isNew: true } });
    expect(await post('/v1/opt-outs', optOut)).toEqual({ status: 200, body: { isNew: false } });
    const end = { number: '91856321412', consent: 'form 7' };
    expect(await post('/v1/opt-outs/end', end)).toEqual({ status: 200, body: { ended: true } });
    expect(await post('/v1/opt-outs/end', end)).toEqual({ status: 200, body: { ended: false } });
    expect(await post('/v1/opt-outs/search', { number: '91856321412' })).toEqual({
      status: 200,
      body: {
        optOuts: [
          {
            ...{ number: '91856321412', reason: 'asked by phone', actor: 'ann (key shop)', since: INSTANT },
            ...{ endedAt: INSTANT, endedBy: 'shop', consent: 'form 7' },
          },
        ],
      },
    });
    expect((await post('/v1/opt-outs', optOut)).status).toBe(201);
  });

  it('can be about one sender', async () => {
    const optOut = { number: '91856321412', reason: 'form', senderId: 'ACME' };
    expect((await post('/v1/opt-outs', optOut)).status).toBe(201);
    expect((await post('/v1/opt-outs', { ...optOut, senderId: null })).status).toBe(201);
    const shown = { number: '91856321412', reason: 'form', actor: 'shop', since: INSTANT };
    const both = [shown, { ...shown, senderId: 'ACME' }];
    expect((await post('/v1/opt-outs/check', { numbers: ['91856321412'] })).body).toEqual({ optOuts: both });
    const end = { number: '91856321412', consent: 'x', senderId: 'OTHER' };
    expect((await post('/v1/opt-outs/end', end)).body).toEqual({ ended: false });
    expect((await post('/v1/opt-outs/end', { ...end, senderId: 'ACME' })).body).toEqual({ ended: true });
    expect((await post('/v1/opt-outs/check', { numbers: ['91856321412'] })).body).toEqual({ optOuts: [shown] });
  });

  it.each<[string, string, object, string]>([
    ['add', '', { reason: 'x' }, 'number'],
    ['add', '', { number: '0856321412', reason: 'x' }, 'number'],
    ['add', '', { number: '91856321412' }, 'reason'],
    ['add', '', { number: '91856321412', reason: 'x'.repeat(256) }, 'reason'],
    ['add', '', { number: '91856321412', reason: 'a\0b' }, 'reason'],
    ['add', '', { number: '91856321412', reason: 'x', senderId: '' }, 'senderId'],
    ['add', '', { number: '91856321412', reason: 'x', actor: 7 }, 'actor'],
    ['add', '', { number: '91856321412', reason: 'x', consent: 'x' }, 'consent'],
    ['add', '?reason=x', { number: '91856321412', reason: 'x' }, 'reason'],
    ['end', '/end', { number: '91856321412' }, 'consent'],
    ['end', '/end', { number: 'x', consent: 'x' }, 'number'],
    ['end', '/end', { number: '91856321412', consent: 'x', senderId: 5 }, 'senderId'],
    ['check', '/check', {}, 'numbers'],
    ['check', '/check', { numbers: '91856321412' }, 'numbers'],
    ['check', '/check', { numbers: [91856321412] }, 'numbers'],
    ['check', '/check', { numbers: Array.from({ length: 10_001 }, () => '') }, 'numbers'],
    ['check', '/check', { numbers: ['91856321412', '0856'] }, 'numbers[1]'],
    ['search', '/search', { number: 'x' }, 'number'],
    ['search', '/search', { after: '91856321412' }, 'after'],
    ['search', '/search', { after: [] }, 'after'],
    ['search', '/search', { after: {} }, 'after.number'],
    ['search', '/search', { after: { number: '91856321412', senderId: '\0' } }, 'after.senderId'],
    ['search', '/search', { limit: 1_001 }, 'limit'],
  ])('cannot %s with %s %j', async (_, path, body, field) => {
    const { status, body: answer } = await post(`/v1/opt-outs${path}`, body);
    expect([status, answer]).toEqual([400, expect.objectContaining({ code: 'LAAFFIC_INVALID_COMMAND', field })]);
    expect(rowsOf(await get('/v1/opt-outs'))).toEqual([]);
  });

  it('a check takes 10,000 numbers, and none', async () => {
    await post('/v1/opt-outs', { number: '91800009999', reason: 'x' });
    const numbers = Array.from({ length: 10_000 }, (_, i) => `+${91_800_000_000 + i}`);
    expect((await post('/v1/opt-outs/check', { numbers })).body).toEqual({
      optOuts: [expect.objectContaining({ number: '91800009999' })],
    });
    expect((await post('/v1/opt-outs/check', { numbers: [] })).body).toEqual({ optOuts: [] });
  });
});

describe('the list of opt-outs', () => {
  it('has pages, whose cursor is in the body', async () => {
    await upload('', 'text/csv', '91856321413\n91856321412\n');
    await post('/v1/opt-outs', { number: '91856321412', reason: 'form', senderId: 'ACME' });
    const seen: unknown[] = [];
    let after: unknown;
    do {
      const page = (await post('/v1/opt-outs/search', { limit: 1, after })).body as {
        readonly optOuts: readonly { readonly number: string; readonly senderId?: string }[];
        readonly after?: unknown;
      };
      seen.push(page.optOuts.map(({ number, senderId }) => [number, senderId]));
      after = page.after;
    } while (after !== undefined);
    const spaced = await post('/v1/opt-outs/search', { after: { number: '+91 8563 21412', senderId: 'ACME' } });
    expect(spaced.body).toEqual({ optOuts: [expect.objectContaining({ number: '91856321413' })] });
    expect(seen).toEqual([[['91856321412', undefined]], [['91856321412', 'ACME']], [['91856321413', undefined]], []]);
  });

  it('is streamed as NDJSON and as CSV that a spreadsheet cannot run, and an import reads both', async () => {
    await post('/v1/opt-outs', { number: '91856321412', reason: '=1+1' });
    await post('/v1/opt-outs', { number: '91856321413', reason: 'form', senderId: 'ACME' });
    await post('/v1/opt-outs/end', { number: '91856321413', consent: 'form 7' });
    const ndjson = await get('/v1/opt-outs');
    expect(rowsOf(ndjson)).toEqual([
      { number: '91856321412', reason: '=1+1', actor: 'shop', since: INSTANT },
      {
        ...{ number: '91856321413', senderId: 'ACME', reason: 'form', actor: 'shop', since: INSTANT },
        ...{ endedAt: INSTANT, endedBy: 'shop', consent: 'form 7' },
      },
    ]);
    const csv = await get('/v1/opt-outs', { Accept: 'text/csv' });
    const [header, ...lines] = csv.text.split('\r\n');
    expect(header).toBe('number,senderId,reason,actor,since,endedAt,endedBy,consent');
    expect(lines.map((line) => line.split(',').slice(0, 4))).toEqual([
      ['91856321412', '', "'=1+1", 'shop'],
      ['91856321413', 'ACME', 'form', 'shop'],
      [''],
    ]);
    expect((await get('/v1/opt-outs?raw=true', { Accept: 'text/csv' })).text).toContain('\r\n91856321412,,=1+1,');

    const active = await get('/v1/opt-outs?active=true');
    expect(rowsOf(active).map(({ number }) => number)).toEqual(['91856321412']);
    expect(rowsOf(await get('/v1/opt-outs?active=false')).map(({ number }) => number)).toEqual(['91856321413']);
    const known = { status: 200, body: { added: 0, known: 1, invalid: [], invalidCount: 0 } };
    expect(await upload('?numberColumn=number', 'application/x-ndjson', active.text)).toEqual(known);
    const activeCsv = await get('/v1/opt-outs?active=true', { Accept: 'text/csv' });
    expect(await upload('', 'text/csv', activeCsv.text)).toEqual(known);
  });

  it.each(['?active=yes', '?after=91856321412'])('rejects the query %s', async (query) => {
    expect((await get(`/v1/opt-outs${query}`)).status).toBe(400);
  });
});

describe('an import of opt-outs', () => {
  it('counts what is new, known and invalid, and brings none back that has ended', async () => {
    await post('/v1/opt-outs', { number: '91856321412', reason: 'x' });
    await post('/v1/opt-outs/end', { number: '91856321412', consent: 'form 7' });
    const rows = ['phone,note', '+91 8563 21412,a', '91856321413,b', '0856,c', '91856321413,d', ',e'];
    expect(await upload('?reason=old%20list&actor=ann', 'text/csv; charset=utf-8', rows.join('\n'))).toEqual({
      status: 200,
      body: { added: 1, known: 2, invalid: [2, 4], invalidCount: 2 },
    });
    expect(rowsOf(await get('/v1/opt-outs?active=true'))).toEqual([
      { number: '91856321413', reason: 'old list', actor: 'ann (key shop)', since: INSTANT },
    ]);
    const ndjson = '"91856321414"\n91856321415\n{"number":"91856321416"}\n[1]\nno json\n{"fone":"1"}\n';
    expect(await upload('?senderId=ACME', 'application/x-ndjson', ndjson)).toEqual({
      status: 200,
      body: { added: 3, known: 0, invalid: [3, 4, 5], invalidCount: 3 },
    });
    expect(rowsOf(await get('/v1/opt-outs?active=true')).at(-1)).toEqual({
      ...{ number: '91856321416', senderId: 'ACME', reason: 'import', actor: 'shop', since: INSTANT },
    });
  });

  it('takes any number, and the list shows them all', async () => {
    const rows = Array.from({ length: 30_000 }, (_, i) => (i % 3 === 0 ? 'x' : `${91_800_000_000 + i}`));
    const { status, body } = await upload('', 'text/csv', `number\n${rows.join('\n')}`);
    const invalid = Array.from({ length: 100 }, (_, i) => i * 3);
    expect([status, body]).toEqual([200, { added: 20_000, known: 0, invalid, invalidCount: 10_000 }]);
    expect(rowsOf(await get('/v1/opt-outs'))).toHaveLength(20_000);
  });

  it.each<[string, string, string, string]>([
    ['an empty body', '', '', 'numbers'],
    ['no column of numbers', '', 'name,note\na,b', 'numberColumn'],
    ['an unclosed quote', '', 'number\n"91856321412\n', 'numbers'],
    ['a number in the query', '?number=91856321412', '91856321412', 'number'],
    ['an empty reason', '?reason=', '91856321412', 'reason'],
    ['two reasons', '?reason=a&reason=b', '91856321412', 'reason'],
    ['an empty column', '?numberColumn=', '91856321412', 'numberColumn'],
  ])('with %s is rejected, and adds nothing', async (_, query, body, field) => {
    const answer = await upload(query, 'text/csv', body);
    expect([answer.status, answer.body]).toEqual([400, expect.objectContaining({ field })]);
    expect(rowsOf(await get('/v1/opt-outs'))).toEqual([]);
  });

  it('that is compressed is rejected', async () => {
    const headers = { ...ADMIN, 'Content-Type': 'text/csv', 'Content-Encoding': 'gzip' };
    expect((await service.post('/v1/opt-outs', '91856321412', headers)).status).toBe(415);
  });

  it.each(['text/plain', 'application/xml'])('as %s is rejected', async (type) => {
    expect((await upload('', type, '91856321412')).status).toBe(415);
  });
});

describe('a message to a person who has opted out', () => {
  // Numbers that no other test opts out: instances keep the list in memory.
  const message = { to: '91700001412', content: 'Your table is ready' };
  const send = async (fields: object) => {
    const answer = await service.send({ ...message, ...fields }, ADMIN);
    return { status: answer.status, body: answer.body as unknown };
  };
  /** An instance learns of an opt-out within a second. */
  const optOut = async (number: string) => {
    await post('/v1/opt-outs', { number, reason: 'x' });
    const isKnown = async () => (await send({ to: number, purpose: 'marketing' })).status === 422;
    await until(isKnown);
  };

  it('is rejected, and only a one-time password arrives', async () => {
    await optOut('91700001412');
    const rejected = {
      status: 422,
      body: {
        ...{ statusCode: 422, error: 'Unprocessable Entity', code: 'OUTBOX_OPTED_OUT', outcome: 'rejected' },
        message: 'The recipient wants no messages',
      },
    };
    for (const fields of [{}, { purpose: null }, { purpose: 'transactional' }, { purpose: 'marketing' }]) {
      expect(await send(fields)).toMatchObject(rejected);
    }
    expect(await send({ sendAt: '2099-01-31T09:00:00Z' })).toEqual(rejected);
    expect((await send({ purpose: 'otp' })).status).toBe(201);
    const { status, body } = await send({ to: ['91700001412', '91700001413'] });
    expect([status, body]).toMatchObject([
      201,
      {
        accepted: [{ number: '91700001413' }],
        rejected: [{ number: '91700001412', code: 'OUTBOX_OPTED_OUT' }],
        unknown: [],
      },
    ]);
  });

  it('to several people who all have opted out, is rejected too', async () => {
    await optOut('91700001414');
    await optOut('91700001415');
    expect(await send({ to: ['91700001414', '91700001415'] })).toMatchObject({
      status: 422,
      body: { code: 'OUTBOX_OPTED_OUT', outcome: 'rejected', field: 'to' },
    });
  });

  it.each(['confirmation', 'OTP', '', 1, ['otp']])('the purpose %j is rejected', async (purpose) => {
    expect((await send({ purpose })).body).toEqual(
      invalidField(expect.stringContaining('purpose must be one of otp, transactional, marketing'), 'purpose'),
    );
  });
});
