import { once } from 'node:events';
import { request as httpRequest, type ClientRequest } from 'node:http';
import { connect } from 'node:net';
import { SmsCampaigns } from 'nestjs-laaffic-outbox';
import { GatewayAccount } from '../../src/gateway/gateway.account.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import {
  invalidField,
  NOT_FOUND,
  SECRET,
  sql,
  startService,
  type Answer,
  type RecipientJson,
  type Service,
} from './service.js';
import { until } from '../until.js';

const CSV = { 'Content-Type': 'text/csv' };
const NDJSON = { 'Content-Type': 'application/x-ndjson' };

let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url });
});
afterAll(async () => {
  await service.close();
  await database.close();
});
beforeEach(() => {
  service.sandbox!.reset();
});

const upload = (query: string, body: string | undefined, headers: Record<string, string> = CSV): Promise<Answer> =>
  service.post(`/v1/campaigns?${query}`, body, headers);
const numbers = (count: number, first = 0) =>
  Array.from({ length: count }, (_, i) => String(918_500_000_000 + first + i));
const done = (id: string) =>
  until(async () => {
    const { body } = await service.get(`/v1/campaigns/${id}`);
    return body.state === 'done' && body;
  });
const linesOf = async (id: string, query = '') => {
  const { text } = await service.get(`/v1/campaigns/${id}/results${query}`);
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as RecipientJson]));
};
const campaigns = async () => Number((await sql(database.url, 'select count(*) from campaign'))[0]!.count);

/** An upload that is written by hand. */
function openUpload(query: string, headers: Record<string, string> = CSV): ClientRequest {
  const { port } = new URL(service.url);
  const path = `/v1/campaigns?${query}`;
  const request = httpRequest({ host: '127.0.0.1', port, method: 'POST', path, headers: { ...headers } });
  request.on('error', () => undefined);
  return request;
}

describe('a campaign as JSON', () => {
  it('is stored, started at once, sent, and shown with its progress', async () => {
    const recipients = ['91856321412', { number: '91856321413', orderId: 'json-2' }, 'nonsense'];
    const created = await service.post('/v1/campaigns', { name: 'sale', content: 'hi', recipients, sendAt: 'now' });
    const { id } = created.body;
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe(`/v1/campaigns/${id}`);
    expect(created.body).toMatchObject({ name: 'sale', content: 'hi', total: 3, progress: { total: 3, invalid: 1 } });
    await until(async () => (await service.get(`/v1/campaigns/${id}`)).body.progress.accepted === 2);
    expect(service.sandbox!.messages.map(({ number }) => number)).toEqual(['91856321412', '91856321413']);
    expect((await service.get('/v1/messages/json-2')).body).toMatchObject({ number: '91856321413', state: 'accepted' });
    expect(await linesOf(id)).toMatchObject([
      { position: 0, number: '91856321412', state: 'accepted' },
      { position: 1, orderId: 'json-2' },
      { position: 2, state: 'invalid', code: 'LAAFFIC_INVALID_COMMAND', input: 'nonsense' },
    ]);
  });

  it.each([
    ['no name', { name: undefined }, 'name'],
    ['no content', { content: '' }, 'content'],
    ['no recipients', { recipients: [] }, 'recipients'],
    ['recipients that are text', { recipients: '91856321412' }, 'recipients'],
    ['an invalid time', { sendAt: 'tomorrow' }, 'sendAt'],
    ['an invalid priority', { priority: 1.5 }, 'priority'],
    ['a field that is misspelt', { sendat: 'now' }, 'sendat'],
    ['a key in the body', { idempotencyKey: 'x' }, 'idempotencyKey'],
    ['a recipient that is misspelt', { recipients: ['91856321412', { number: '1', orderID: 'x' }] }, 'recipients[1]'],
    ['a field that only JSON can make', JSON.parse('{"__proto__":{"sendAt":"now"}}') as object, '__proto__'],
  ])('is rejected with %s', async (_, change, field) => {
    const before = await campaigns();
    const body = Object.assign(
      Object.create(null),
      { name: 'sale', content: 'hi', recipients: ['91856321412'] },
      change,
    );
    const answer = await service.post('/v1/campaigns', body);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND', field });
    expect(await campaigns()).toBe(before);
  });

  it('is rejected with a query, which would be ignored', async () => {
    const { status, body } = await service.post('/v1/campaigns?sendAt=now', {
      name: 'sale',
      content: 'hi',
      recipients: ['91856321412'],
    });
    expect(status).toBe(400);
    expect(body).toEqual(
      invalidField('The request is invalid: sendAt must be in the body, if that is JSON, not in the query', 'sendAt'),
    );
  });

  it.each([
    ['more than a megabyte', JSON.stringify({ name: 'x'.repeat(1_100_000) }), 'application/json', 413],
    ['a form', 'name=x', 'application/x-www-form-urlencoded', 415],
    ['plain text', '91856321412', 'text/plain', 415],
    ['a null', 'null', 'application/json', 400],
  ])('%s is rejected', async (_, body, type, status) => {
    expect((await service.post('/v1/campaigns', body, { 'Content-Type': type })).status).toBe(status);
  });
});

describe('a campaign as an upload', () => {
  it.each([
    ['CSV with a header', CSV, '\ufeffname,"Order ID",Number\r\nAnn,up-1,91856321412\r\n\r\nBob,,+91 856 321 413\r\n'],
    ['CSV with semicolons, as spreadsheets write it', CSV, 'Order ID;number\nup-1;91856321412\n;91856321413'],
    ['NDJSON', NDJSON, '{"number":"91856321412","orderId":"up-1"}\n\n91856321413\n'],
  ])('%s', async (_, headers, body) => {
    const created = await upload('name=sale&content=hi&senderId=ACME&priority=-3', body, headers);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      state: 'draft',
      senderId: 'ACME',
      priority: -3,
      total: 2,
      progress: { pending: 2, invalid: 0 },
    });
    expect(await linesOf(created.body.id)).toEqual([
      { position: 0, number: '91856321412', orderId: 'up-1', state: 'pending' },
      { position: 1, number: '91856321413', orderId: expect.any(String), state: 'pending' },
    ]);
  });

  it('a single column needs no header, and may have one', async () => {
    expect((await upload('name=a&content=b', '91856321412\n91856321413\n')).body.total).toBe(2);
    expect((await upload('name=a&content=b', 'Phone\n91856321412\n')).body.total).toBe(1);
  });

  it('invalid rows are invalid recipients, each at its position', async () => {
    const rows = [
      '91856321412,a',
      'nonsense,b',
      ',c',
      '91856321413',
      '91856321414,x y',
      '1,91856321415,c',
      '9.18E+11,d',
    ];
    const { status, body } = await upload('name=a&content=b', `number,orderId\n${rows.join('\n')}`);
    expect(status).toBe(201);
    expect(body.total).toBe(7);
    expect(body.progress).toMatchObject({ pending: 2, invalid: 5 });
    const invalid = await linesOf(body.id, '?state=invalid');
    const wrong = { state: 'invalid', code: 'LAAFFIC_INVALID_COMMAND' };
    const problem = 'number must be a phone number with country code';
    expect(invalid).toEqual([
      {
        ...wrong,
        position: 1,
        line: 3,
        orderId: 'b',
        reason: `${problem}: it contains “n”, which is not part of a number`,
        input: 'nonsense',
      },
      { ...wrong, position: 2, line: 4, orderId: 'c', reason: `${problem}: it is empty` },
      {
        ...wrong,
        position: 4,
        line: 6,
        orderId: 'x y',
        reason: expect.stringMatching(/^orderId must/),
        input: '9185…414',
      },
      {
        ...wrong,
        ...{ position: 5, line: 7, reason: 'has more cells than the first row' },
        input: '1,918…415,c',
      },
      {
        ...wrong,
        position: 6,
        line: 8,
        orderId: 'd',
        reason: `${problem}: it is in the short form of a spreadsheet, which has lost digits`,
        input: '9.18E+11',
      },
    ]);
    const csv = await service.get(`/v1/campaigns/${body.id}/results?state=invalid`, { Accept: 'text/csv' });
    expect(csv.text.split('\r\n').slice(0, 2)).toEqual([
      'position,line,number,orderId,state,msgId,code,reason,input,reportedAt,gatewayTime,sentAt,price,currency,segments,mcc,mnc',
      `1,3,,b,invalid,,LAAFFIC_INVALID_COMMAND,"${problem}: it contains “n”, which is not part of a number",nonsense,,,,,,,,`,
    ]);
    expect(await linesOf(body.id, '?state=rejected')).toEqual([]);
    const ndjson = await upload('name=a&content=b', '"91856321412"\nnot json\n{"fone":"91856321413"}\n[1]\n', NDJSON);
    expect(await linesOf(ndjson.body.id)).toEqual([
      { position: 0, number: '91856321412', orderId: expect.any(String), state: 'pending' },
      { ...wrong, position: 1, line: 2, reason: 'is not JSON', input: 'not json' },
      {
        ...wrong,
        ...{ position: 2, line: 3, reason: 'has an unknown field; known are number and orderId' },
        input: '{"fone":"9185…413"}',
      },
      {
        ...wrong,
        position: 3,
        line: 4,
        reason: 'is not a recipient',
        input: '[1]',
      },
    ]);
    const lines = ['{"number":"91856321412","order":"o"}', '{"number":"91856321413","__proto__":1}', '91856321414'];
    const misspelt = await upload('name=a&content=b', lines.join('\n'), NDJSON);
    expect(await linesOf(misspelt.body.id)).toMatchObject([
      { position: 0, state: 'invalid', reason: 'has an unknown field; known are number and orderId' },
      { position: 1, state: 'invalid' },
      { position: 2, state: 'pending', number: '91856321414' },
    ]);
  });

  it.each([
    ['an empty file', '', /it is empty/],
    ['no file', undefined, /it is empty/],
    ['a header alone', 'number,orderId\n', /it is empty/],
    [
      'columns without names',
      '91856321412,a\n91856321413,b\n',
      /line 1: the first row has 2 cells, and none is named number/,
      'numberColumn',
    ],
    [
      'two columns of numbers',
      'phone,mobile\n1,2\n',
      /the numbers may be in the columns "phone" and "mobile": choose one/,
      'numberColumn',
    ],
    [
      'order ids of another name',
      'number,order_no\n1,2\n',
      /order ids may be in the column "order_no"/,
      'orderIdColumn',
    ],
    ['a page', '<!doctype html>\n<html></html>', /is it a list of numbers/],
    ['a picture', '\x89PNG\0\0\0', /NUL characters/],
    ['a quote that is not closed', 'number,name\n91856321412,"Ann\n91856321413,Bob\n', /a quote is not closed/],
    [
      'a quote in a cell',
      'number,name\n91856321412,5" pipe\n',
      /line 2: a quote is in a wrong place; inside a quoted cell, write it twice/,
    ],
    ['a number over two lines', 'number,name\n"91856321412,\n91856321413",x\n', /a cell has several lines/],
    ['a row without end', `number\n${'9'.repeat(70_000)}`, /the row is too long/],
  ])('%s is rejected with 400', async (_, csv, problem, field = 'recipients') => {
    const { status, body } = await upload('name=a&content=b&sendAt=now', csv);
    expect(status).toBe(400);
    expect(body).toMatchObject({ code: 'LAAFFIC_INVALID_COMMAND', field });
    expect(body.message).toMatch(problem);
    expect(service.sandbox!.requests).toEqual([]);
  });

  it.each([
    ['a CSV that says it is NDJSON', 'name=a&content=b', 'number\n91856321412', NDJSON, 400],
    ['a field that is misspelt', 'name=a&content=b&sendat=now', '91856321412', CSV, 400],
    ['a field twice', 'name=a&name=c&content=b', '91856321412', CSV, 400],
    ['an invalid priority', 'name=a&content=b&priority=high', '91856321412', CSV, 400],
    ['a compressed file', 'name=a&content=b', '91856321412', { ...CSV, 'Content-Encoding': 'gzip' }, 415],
  ])('%s is rejected', async (_, query, body, headers, status) => {
    expect((await upload(query, body, headers)).status).toBe(status);
  });

  it('is not read faster than it is stored, and reaches the database in order', async () => {
    const all = numbers(20_000);
    const { body } = await upload('name=many&content=b', all.join('\n'));
    expect(body.total).toBe(20_000);
    const results = await service.get(`/v1/campaigns/${body.id}/results`, { Accept: 'text/csv' });
    expect(results.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const [head, ...rows] = results.text.trim().split('\r\n');
    expect(head).toBe(
      'position,line,number,orderId,state,msgId,code,reason,input,reportedAt,gatewayTime,sentAt,price,currency,segments,mcc,mnc',
    );
    expect(rows.map((row) => row.split(',')[2])).toEqual(all);
    expect((await linesOf(body.id, '?after=19997')).map(({ number }) => number)).toEqual(all.slice(-2));
  });

  it('exports no formulas to a spreadsheet, and imports its own export unchanged', async () => {
    const ids = ['=1+1', '+1', '-1', '@x', "'=1", 'a;=1', 'plain'];
    const recipients = ids.map((orderId, i) => ({ number: `9185000${i}000`, orderId }));
    const { body } = await service.post('/v1/campaigns', { name: 'formulas', content: 'b', recipients });
    const csvOf = async (id: string, query = '') =>
      (await service.get(`/v1/campaigns/${id}/results${query}`, { Accept: 'text/csv' })).text;
    const cells = (csv: string) =>
      csv
        .trim()
        .split('\r\n')
        .slice(1)
        .map((row) => row.split(',')[3]);
    const shown = await csvOf(body.id);
    expect(cells(shown)).toEqual(["'=1+1", "'+1", "'-1", "'@x", "''=1", `"a;'=1"`, 'plain']);
    expect(cells(await csvOf(body.id, '?raw=true'))).toEqual(['=1+1', '+1', '-1', '@x', "'=1", '"a;=1"', 'plain']);
    expect(await linesOf(body.id)).toMatchObject(recipients);

    const again = await upload('name=again&content=b', shown);
    expect(again.status).toBe(201);
    expect(again.body.total).toEqual(ids.length);
    expect(again.body.progress.invalid).toBe(0);
    expect(await linesOf(again.body.id)).toMatchObject(recipients);
    const numbersOfOld = await upload('name=plus&content=b', "number,orderId\n'+91 8500 0000 00,x\n");
    expect((await linesOf(numbersOfOld.body.id))[0]).toMatchObject({ number: '918500000000', orderId: 'x' });
    expect((await service.get(`/v1/campaigns/${body.id}/results?raw=yes`)).body).toMatchObject({ field: 'raw' });
  });

  it('half an upload is discarded without a key, and continued by the same upload with the same key', async () => {
    const all = numbers(60_000).join('\n');
    const stored = async (name: string) =>
      (await sql(database.url, `select state, stored_entries::int as stored from campaign where name = '${name}'`))[0];
    for (const [name, begin, headers] of [
      ['half', '&sendAt=now', CSV],
      ['half-with-key', '', { ...CSV, 'Idempotency-Key': 'half' }],
    ] as const) {
      const half = openUpload(`name=${name}&content=b${begin}`, headers);
      half.write(all.slice(0, 600_000));
      await until(async () => Number((await stored(name))?.stored) >= 32_000);
      half.destroy();
    }
    await until(async () => (await stored('half'))?.state === 'cancelled');
    expect(await stored('half-with-key')).toMatchObject({ state: 'creating' });
    expect(service.sandbox!.requests).toEqual([]);

    const key = { ...CSV, 'Idempotency-Key': 'half' };
    const query = 'name=half-with-key&content=b';
    const again = await until(async () => {
      const answer = await upload(query, all, key);
      // Until the service has heard that the first one is gone.
      return answer.body.code !== 'OUTBOX_CAMPAIGN_BUSY' && answer;
    });
    expect(again.status).toBe(201);
    expect(again.body.total).toBe(60_000);
    expect(again.body.state).toBe('draft');
    const whole = await upload(query, all, key);
    expect(whole.status).toBe(201);
    expect(whole.body.id).toEqual(again.body.id);
    expect((await sql(database.url, `select count(*)::int from campaign where name = 'half-with-key'`))[0]).toEqual({
      count: 1,
    });
    const other = await upload('name=half-with-key&content=other', all, key);
    expect(other.status).toBe(422);
    expect(other.body.code).toBe('OUTBOX_KEY_REUSED');
  });

  it('another source under the key of an interrupted upload, and two uploads at once, are rejected', async () => {
    const key = { ...CSV, 'Idempotency-Key': 'changed' };
    const all = numbers(60_000);
    const half = openUpload('name=changed&content=b', key);
    half.write(all.slice(0, 50_000).join('\n'));
    await until(async () => {
      const [row] = await sql(
        database.url,
        `select stored_entries::int as stored from campaign where name = 'changed'`,
      );
      return Number(row?.stored) >= 32_000;
    });
    const busy = await upload('name=changed&content=b', all.join('\n'), key);
    expect(busy.status).toBe(409);
    expect(busy.body.code).toBe('OUTBOX_CAMPAIGN_BUSY');
    half.destroy();
    const other = [...all].reverse().join('\n');
    const changed = await until(async () => {
      const answer = await upload('name=changed&content=b', other, key);
      return answer.body.code !== 'OUTBOX_CAMPAIGN_BUSY' && answer;
    });
    expect(changed.status).toBe(422);
    expect(changed.body.code).toBe('OUTBOX_SOURCE_CHANGED');
  });
});

describe('campaigns', () => {
  it('are listed newest first, page by page', async () => {
    for (const name of ['list-1', 'list-2', 'list-3']) await upload(`name=${name}&content=b`, '91856321412');
    const page = await service.get('/v1/campaigns?limit=2');
    expect(page.body.campaigns.map(({ name }) => name)).toEqual(['list-3', 'list-2']);
    const next = await service.get(`/v1/campaigns?limit=1&before=${page.body.before}`);
    expect(next.body.campaigns.map(({ name }) => name)).toEqual(['list-1']);
  });

  it('are listed by their state', async () => {
    const { id } = (await upload('name=paused&content=b&sendAt=2099-01-31T09:00:00Z', '91856321412')).body;
    await service.post(`/v1/campaigns/${id}/pause`);
    const { body } = await service.get('/v1/campaigns?state=paused');
    expect(body.campaigns.map(({ name }) => name)).toEqual(['paused']);
  });

  it.each([
    ['limit=0', 'limit', 'limit must be from 1 to 1000'],
    ['limit=1001', 'limit', 'limit must be from 1 to 1000'],
    ['limit=x', 'limit', 'limit must be from 1 to 1000'],
    ['before=x', 'before', 'before must be the id of a campaign'],
    ['before=1&before=2', 'before', 'before must be the id of a campaign'],
    ['state=over', 'state', 'state must be one of creating, draft, scheduled, running, paused, cancelled, done'],
    ['status=done', 'status', 'status is not a known field'],
  ])('reject ?%s', async (query, field, problem) => {
    const { status, body } = await service.get(`/v1/campaigns?${query}`);
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(`The request is invalid: ${problem}`, field));
  });

  it.each(['999999', 'x', '%00', '99999999999999999999'])('there is no campaign %s', async (id) => {
    const asked = [
      service.get(`/v1/campaigns/${id}`),
      ...['results', 'held', 'events'].map((what) => service.get(`/v1/campaigns/${id}/${what}`)),
      ...['start', 'pause', 'resume', 'cancel', 'retry-rejected'].map((what) =>
        service.post(`/v1/campaigns/${id}/${what}`),
      ),
      service.post(`/v1/campaigns/${id}/resolve`, { decision: 'abandon' }),
    ];
    for (const { status, body } of await Promise.all(asked)) {
      expect(status).toBe(404);
      expect(body).toEqual(NOT_FOUND);
    }
  });

  it('are started, paused, resumed and cancelled, each only from the right states', async () => {
    const sendAt = encodeURIComponent(new Date(Date.now() + 3_600_000).toISOString());
    const { body } = await upload(`name=steps&content=b&sendAt=${sendAt}`, '91856321412');
    const step = async (what: string) => {
      const answer = await service.post(`/v1/campaigns/${body.id}/${what}`);
      return [answer.status, answer.status === 200 ? answer.body.state : answer.body.code];
    };
    expect(body.state).toBe('scheduled');
    expect(await step('resume')).toEqual([409, 'OUTBOX_WRONG_STATE']);
    expect(await step('pause')).toEqual([200, 'paused']);
    expect(await step('start')).toEqual([409, 'OUTBOX_WRONG_STATE']);
    expect(await step('resume')).toEqual([200, 'scheduled']);
    expect(await step('start')).toEqual([200, 'running']);
    await done(body.id);
    expect(await step('cancel')).toEqual([409, 'OUTBOX_WRONG_STATE']);
    expect(service.sandbox!.messages).toHaveLength(1);
  });

  it('hold recipients with an unknown outcome for a manual decision about each', async () => {
    service.sandbox!.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const { body } = await upload('name=held&content=b&sendAt=now', numbers(3, 100).join('\n'));
    const unknown = async () => (await service.get(`/v1/campaigns/${body.id}`)).body.progress;
    await until(async () => (await unknown()).unknown === 3);
    await sql(
      database.url,
      `update chunk set changed_at = changed_at - interval '1 hour' where campaign_id = ${body.id}`,
    );
    await until(async () => (await unknown()).held === 3);
    const held = await service.get(`/v1/campaigns/${body.id}/held`);
    expect(held.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const lines = held.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RecipientJson);
    expect(lines.map(({ position, state, sentAt }) => [position, state, typeof sentAt])).toEqual(
      [0, 1, 2].map((position) => [position, 'held', 'string']),
    );

    const resolve = (decision: unknown) => service.post(`/v1/campaigns/${body.id}/resolve`, decision);
    for (const [decision, field] of [
      [{ decision: 'perhaps' }, 'decision'],
      [{ decision: 'sent', positions: ['x'] }, 'positions'],
      [{ decision: 'sent', positions: [] }, 'positions'],
      [{ decision: 'sent', actor: '' }, 'actor'],
      [{ decision: 'sent', who: 'me' }, 'who'],
      [undefined, 'decision'],
    ] as const) {
      expect((await resolve(decision)).body).toMatchObject({ statusCode: 400, field });
    }
    expect((await resolve({ decision: 'sent', positions: [17] })).body).toEqual({ recipientCount: 0 });
    const decided = await resolve({ decision: 'sent', positions: [1], actor: 'ann' });
    expect(decided.status).toBe(200);
    expect(decided.body).toEqual({ recipientCount: 1 });
    expect((await resolve({ decision: 'abandon' })).body).toEqual({ recipientCount: 2 });
    expect(await unknown()).toMatchObject({ accepted: 1, abandoned: 2, held: 0 });
    const by = await sql(
      database.url,
      `select distinct actor from history where campaign_id = ${body.id} and actor like '%api%'`,
    );
    expect(by.map((row) => row.actor).sort()).toEqual(['ann (api)', 'api']);
  });

  it('send again to the recipients that the gateway rejected', async () => {
    service.sandbox!.configure({ rejectionRules: [{ number: '918500000200', status: -9 }] });
    const { body } = await upload('name=rejected&content=b&sendAt=now', numbers(2, 200).join('\n'));
    await until(async () => (await service.get(`/v1/campaigns/${body.id}`)).body.progress.rejected === 1);
    await done(body.id);
    service.sandbox!.configure({ rejectionRules: [] });
    const again = await service.post(`/v1/campaigns/${body.id}/retry-rejected`);
    expect(again.status).toBe(200);
    expect(again.body).toEqual({ recipientCount: 1 });
    expect((await done(body.id)).progress).toMatchObject({ accepted: 2, rejected: 0 });
  });
});

describe('results', () => {
  it.each(['state=sold', 'after=-1', 'after=x', 'state=held&state=pending', 'states=held'])(
    'reject ?%s',
    async (query) => {
      expect((await service.get(`/v1/campaigns/1/results?${query}`)).status).toBe(400);
    },
  );

  it('are read no further than the client reads, and not after it disconnects', async () => {
    const { body } = await upload('name=slow&content=b', numbers(200_000).join('\n'));
    const campaigns = service.app.get(SmsCampaigns, { strict: false });
    const whole = campaigns.listResults.bind(campaigns);
    let [read, isOver] = [0, false];
    const spy = jest.spyOn(campaigns, 'listResults').mockImplementation(async function* (id, filter) {
      try {
        for await (const recipient of whole(id, filter)) {
          read++;
          yield recipient;
        }
      } finally {
        isOver = true;
      }
    });
    const { hostname, port } = new URL(service.url);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /v1/campaigns/${body.id}/results HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
    await once(socket, 'readable');
    // What fits into the buffers on the way is some megabytes; all of it would be 17.
    let last = -1;
    await until(async () => {
      const isStill = read > 0 && read === last;
      last = read;
      // Longer than a page takes to read.
      await service.get('/health');
      return isStill;
    });
    expect(read).toBeLessThan(150_000);
    expect(isOver).toBe(false);
    socket.destroy();
    await until(() => isOver);
    spy.mockRestore();
  });
});

describe('events', () => {
  it('stream the progress with ids until the campaign is done, and tell a client not to reconnect', async () => {
    const { body } = await upload('name=watched&content=b', numbers(2, 300).join('\n'));
    const answer = await fetch(`${service.url}/v1/campaigns/${body.id}/events`);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reading = answer.text();
    await service.post(`/v1/campaigns/${body.id}/start`);
    const events = (await reading).trim().split('\n\n');
    const parsed = events.map((event) => {
      const [, id, data = ''] = /^id: ((?:end-)?\S{16})\nevent: progress\ndata: (.*)$/.exec(event) ?? [];
      return { id, ...(JSON.parse(data) as { state: string }) };
    });
    expect(parsed[0]!.state).toBe('draft');
    expect(parsed.at(-1)!.state).toBe('done');
    const lastId = /^id: (\S+)/.exec(events.at(-1)!)![1]!;
    const again = (id: string) => service.get(`/v1/campaigns/${body.id}/events`, { 'Last-Event-ID': id });
    expect((await again(lastId)).status).toBe(204);

    // A report that comes after the end changes a count, and no handler is called for it.
    service.app.get(GatewayAccount).pushTo(service.url, SECRET);
    service.sandbox!.setDeliveryState(service.sandbox!.messages[0]!.msgId, 'delivered');
    await service.sandbox!.waitForPushes();
    await until(async () => (await service.get(`/v1/campaigns/${body.id}`)).body.progress.delivered === 1);
    expect((await again(lastId)).status).toBe(204);

    // One who has not heard the end is told it.
    for (const id of [parsed[0]!.id!, 'of another']) {
      const { status, text } = await again(id);
      expect(status).toBe(200);
      expect(text).toMatch(/^id: end-\S{16}\nevent: progress\ndata: .*"done".*\n\n$/);
    }
  });

  it('end when the client disconnects', async () => {
    const { body } = await upload('name=left&content=b', '91856321412');
    const gone = new AbortController();
    const answer = await fetch(`${service.url}/v1/campaigns/${body.id}/events`, { signal: gone.signal });
    await answer.body!.getReader().read();
    gone.abort();
    expect((await service.get(`/v1/campaigns/${body.id}`)).status).toBe(200);
  });
});
