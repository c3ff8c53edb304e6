import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { invalidField, MESSAGE, sql, startService, type Answer, type Service } from './service.js';
import { until } from '../until.js';

const KEYS = ['a-key-of-my-own-0123', 'b-key-of-my-own-0123', 'c-key-of-my-own-0123', 'd-key-of-my-own-0123'];
const [KEY = '', OTHER_KEY = ''] = KEYS;
const AUTH = { Authorization: `Bearer ${KEY}` };
const JSON_TYPE = { 'Content-Type': 'application/json' };

jest.setTimeout(60_000);

let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, API_KEYS: [...KEYS, 'e-key-of-my-own-0123'].join() });
}, 60_000);
afterAll(async () => {
  await service.close();
  await database.close();
});

/** A request that is written by hand, and what comes back. */
function open(text: string): { socket: Socket; heard: () => string } {
  const { hostname, port } = new URL(service.url);
  const socket = connect(Number(port), hostname);
  let heard = '';
  socket
    .setEncoding('utf8')
    .on('error', () => undefined)
    .on('data', (piece: string) => {
      heard += piece;
    });
  socket.write(text);
  return { socket, heard: () => heard };
}

const head = (path: string, type: string, key?: string, more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${type}\r\n` +
  `${key === undefined ? '' : `Authorization: Bearer ${key}\r\n`}${more}\r\n`;

describe('a body without a key', () => {
  it.each([
    ['/v1/messages', 'application/json'],
    ['/v1/campaigns', 'application/json'],
    ['/v1/campaigns?name=a&content=b', 'text/csv'],
    ['/v1/account/resume', 'application/json'],
  ])('is not read before POST %s as %s is rejected', async (path, type) => {
    const { socket, heard } = open(`${head(path, type, undefined, 'Content-Length: 1000\r\n')}{`);
    await until(() => heard().includes('UNAUTHORIZED'));
    expect(heard()).toMatch(/^HTTP\/1.1 401 /);
    socket.destroy();
  });

  it('is not read for an unknown route', async () => {
    const { socket, heard } = open(`${head('/nowhere', 'application/json', undefined, 'Content-Length: 1000\r\n')}{`);
    await until(() => heard().includes('There is no such route'));
    socket.destroy();
  });
});

describe('a JSON body', () => {
  const fields = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, 1]));
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  const TOO_DEEP = invalidField('The request is invalid: body is nested more than 8 levels deep', 'body');
  const TOO_MANY = invalidField('The request is invalid: body has an object with more than 64 fields', 'body');

  it.each([
    ['90,000 unknown fields', '/v1/messages', JSON.stringify(fields(90_000)), TOO_MANY],
    ['90,000 fields of a recipient', '/v1/messages', JSON.stringify({ ...MESSAGE, to: fields(90_000) }), TOO_MANY],
    ['90,000 unknown fields', '/v1/campaigns', JSON.stringify(fields(90_000)), TOO_MANY],
    ['90,000 unknown fields', '/v1/messages/1/resolve', JSON.stringify(fields(90_000)), TOO_MANY],
    ['500,000 brackets', '/v1/messages', nested(500_000), TOO_DEEP],
    ['a megabyte of opening brackets', '/v1/campaigns', '['.repeat(1_000_000), TOO_DEEP],
    ['deep recipients', '/v1/messages', `{"content":"x","to":${nested(9)}}`, TOO_DEEP],
    ['deep objects', '/v1/account/resume', `${'{"by":'.repeat(100_000)}1${'}'.repeat(100_000)}`, TOO_DEEP],
  ])('with %s for %s is rejected before it is parsed', async (_, path, body, expected) => {
    const answer = await service.post(path, body, AUTH);
    expect(answer.status).toBe(400);
    expect(answer.body).toEqual(expected);
  });

  it('is scanned without the brackets and colons in its texts, each object on its own', async () => {
    const content = `${'[{'.repeat(40)}\\"${':'.repeat(90)}"`;
    const to = Array.from({ length: 100 }, (_, i) => ({ number: `91856321${1000 + i}`, orderId: `of-${i}` }));
    expect((await service.send({ to, content }, AUTH)).status).toBe(201);
  });

  it('with many invalid fields is rejected with the first ones and the number of the others', async () => {
    const wrong = Array.from({ length: 60_000 }, () => ({ a: 1 }));
    const { status, body } = await service.post('/v1/campaigns', { name: 'a', content: 'b', recipients: wrong }, AUTH);
    const one = (index: number) => `recipients[${index}] has an unknown field; known are number and orderId`;
    const message = `The request is invalid: ${one(0)}; ${one(1)}; ${one(2)}; and 59997 more`;
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(message, 'recipients[0]'));
  });

  it('takes time in proportion to its length, whatever is wrong with it', async () => {
    const cost = async (count: number) => {
      const bodies: [string, unknown][] = [
        ['/v1/messages', fields(count)],
        ['/v1/messages', { ...MESSAGE, to: fields(count) }],
        ['/v1/messages', { ...MESSAGE, to: Array.from({ length: count }, () => ({ number: 'x' })) }],
        ['/v1/campaigns', { name: 'a', content: 'b', recipients: Array.from({ length: count }, () => ({ a: 1 })) }],
        ['/v1/campaigns', fields(count)],
      ];
      const before = process.cpuUsage();
      for (const [path, body] of bodies) expect((await service.post(path, body, AUTH)).status).toBe(400);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    await cost(2_000);
    const small = await cost(15_000);
    expect(await cost(60_000)).toBeLessThan(8 * small);
  });

  it.each([
    ['a list', '[]'],
    ['a text', '"x"'],
    ['nothing but blanks', ' '],
    ['two values', '{}{}'],
  ])('that is %s is not a JSON object', async (_, body) => {
    const answer = await service.ask('/v1/messages', { method: 'POST', body, headers: { ...AUTH, ...JSON_TYPE } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('INVALID_JSON');
    expect(answer.body.message).toBe('The body is not a JSON object');
  });

  it('that is not UTF-8 is rejected with the place', async () => {
    const body = Buffer.from([...Buffer.from('{"to":"91856321412","content":"'), 0xe9, 0x22, 0x7d]);
    const answer = await service.ask('/v1/messages', { method: 'POST', body, headers: { ...AUTH, ...JSON_TYPE } });
    expect(answer.status).toBe(400);
    expect(answer.body.code).toBe('INVALID_JSON');
    expect(answer.body.message).toBe('Byte 32 of the body is not UTF-8');
  });

  it('may start with a byte order mark, and must be UTF-8 and not compressed', async () => {
    const ask = (body: Buffer, headers: Record<string, string> = {}) =>
      service.ask('/v1/messages', { method: 'POST', body, headers: { ...AUTH, ...JSON_TYPE, ...headers } });
    const text = JSON.stringify(MESSAGE);
    expect((await ask(Buffer.from(`\ufeff${text}`))).status).toBe(201);
    const wrong = [
      await ask(Buffer.from(text, 'utf16le'), { 'Content-Type': 'application/json; charset=utf-16' }),
      await ask(Buffer.from(text), { 'Content-Encoding': 'gzip' }),
    ];
    expect(wrong.map(({ status, body }) => [status, body.message])).toEqual([
      [415, 'Send the body as JSON in UTF-8'],
      [415, 'Send the body as it is, without Content-Encoding'],
    ]);
  });
});

describe('an upload', () => {
  const upload = (body: Blob, type: string): Promise<Answer> => {
    const headers = { ...AUTH, 'Content-Type': type };
    return service.ask('/v1/campaigns?name=a&content=b', { method: 'POST', body, headers });
  };
  /** A body of a text that comes again and again, until it is so long. */
  const endless = (first: string, text: string, length = 4_000_000) => {
    const piece = Buffer.from(text.repeat(Math.ceil(65_536 / text.length)));
    const pieces = [Buffer.from(first), ...new Array<Buffer>(Math.ceil(length / piece.length)).fill(piece)];
    return new Blob(pieces);
  };

  it.each([
    ['commas', 'text/csv', '', ',', 'line 1: the row has more than 1000 cells'],
    ['commas after a good row', 'text/csv', 'number\n91856321412\n', ',', 'line 3: the row has more than 1000 cells'],
    ['cells of line breaks', 'text/csv', 'number\n', ',,,,,,,,"\n"', 'line 126: the row has more than 1000 cells'],
    [
      'digits',
      'text/csv',
      'number\n',
      '9',
      'line 2: the row is too long: is a quote not closed, or is this not a CSV?',
    ],
    ['blanks', 'text/csv', '', ' ', 'line 1: the row is too long: is a quote not closed, or is this not a CSV?'],
    ['a cell', 'text/csv', 'number\n"', '9\n', 'the row is too long: is a quote not closed, or is this not a CSV?'],
    ['digits', 'application/x-ndjson', '91856321412\n', '9', 'line 2: it is too long for a recipient'],
    ['brackets', 'application/x-ndjson', '91856321412\n', '[', 'line 2: it is too long for a recipient'],
    ['blank lines', 'application/x-ndjson', '', '\n', 'it is empty: give recipients, one a row'],
  ])('of endless %s as %s is rejected with the line', async (_, type, first, text, problem) => {
    const { status, body } = await upload(endless(first, text), type);
    const message = expect.stringMatching(new RegExp(`recipients cannot be read: (line \\d+: )?${escape(problem)}$`));
    expect(status).toBe(400);
    expect(body).toEqual(invalidField(message, 'recipients'));
  });

  it.each([
    ['text/csv', 'number\n', ',,,,,,,,"\n"'],
    ['text/csv', 'number\n91856321412\n', '5" pipe\n'],
    ['application/x-ndjson', '91856321412\n', '9'],
  ])(
    'as %s of %j and endless %j is read to its end, for a client that reads the response only then',
    async (type, first, text) => {
      const rest = text.repeat(Math.ceil(16_000_000 / text.length));
      const length = first.length + rest.length;
      const path = '/v1/campaigns?name=a&content=b';
      const { socket, heard } = open(`${head(path, type, KEY, `Content-Length: ${length}\r\n`)}${first}`);
      socket.pause();
      await new Promise((resolve) => socket.write(rest, resolve));
      socket.resume();
      await until(() => heard().includes('recipients cannot be read'));
      socket.destroy();
    },
  );

  it('is read in UTF-16 with a byte order mark, in other encodings with a charset, and rejected without', async () => {
    const progressOf = async (bytes: Buffer, type: string) => (await upload(new Blob([bytes]), type)).body.progress;
    const marked = Buffer.from('\ufeffnumber\n91856321412\n', 'utf16le');
    const gbk = Buffer.from([...Buffer.from('number,orderId\n91856321412,'), 0xb6, 0xa9, 0x0a]);
    expect(await progressOf(marked, 'text/csv')).toMatchObject({ total: 1, pending: 1 });
    expect(await progressOf(gbk, 'text/csv; charset=GBK')).toMatchObject({ total: 1, pending: 1 });
    const rejected = [
      await upload(new Blob([marked.subarray(2)]), 'text/csv'),
      await upload(new Blob([gbk]), 'text/csv'),
      await upload(new Blob([gbk]), 'text/csv; charset=klingon'),
    ];
    expect(rejected.map(({ body }) => body)).toEqual(
      [
        'it has NUL characters, so it is not text in UTF-8',
        'line 2: byte 28 of the file is not UTF-8: save it in UTF-8, or give its encoding',
        'its encoding is unknown: save it in UTF-8',
      ].map((problem) => invalidField(expect.stringContaining(`cannot be read: ${problem}`), 'recipients')),
    );
  });

  it('keeps nothing of entries that are not recipients, however many there are', async () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`;
    const values = [deep, `{"number":${deep}}`, `"${'9'.repeat(60_000)}"`, `{"number":"${'9 '.repeat(30_000)}"}`];
    const orderIds = [deep, `"${'o'.repeat(60_000)}"`].map((id) => `{"number":"91856321412","orderId":${id}}`);
    const lines = [...values, ...orderIds];
    const { status, body } = await upload(new Blob([lines.join('\n')]), 'application/x-ndjson');
    expect(status).toBe(201);
    expect(body.progress).toMatchObject({ total: 6, invalid: 6, pending: 0 });
    const csv = ['number,orderId', '9 '.repeat(200), `91856321412,${'o'.repeat(300)}`, '91856321413,o'].join('\n');
    const table = await upload(new Blob([csv]), 'text/csv');
    expect(table.body.progress).toMatchObject({ total: 3, invalid: 2, pending: 1 });
  });

  it('leaves slots for other callers, and holds few connections however slow it is', async () => {
    const slow = (key: string) =>
      open(
        head('/v1/campaigns?name=slow&content=b', 'text/csv', key, 'Transfer-Encoding: chunked\r\n') +
          'c\r\n91856321412\n\r\nc\r\n91856321413\n\r\n',
      );
    const last = { ...AUTH, 'Content-Type': 'text/csv', Authorization: 'Bearer e-key-of-my-own-0123' };
    const ask = (headers: Record<string, string>) =>
      service.ask('/v1/campaigns?name=fast&content=b', { method: 'POST', body: '91856321412\n', headers });
    const opened = KEYS.flatMap((key) => Array.from({ length: 4 }, () => slow(key)));
    const created = async () => (await sql(database.url, `select id from campaign where name = 'slow'`)).length;
    await until(async () => (await created()) === 16);

    const rejected = async (headers: Record<string, string>) => {
      const answer = await ask(headers);
      return [answer.status, answer.headers.get('retry-after'), answer.body];
    };
    const told = { code: 'TOO_MANY_UPLOADS', outcome: 'rejected' };
    expect(await rejected({ ...last, ...AUTH })).toEqual([
      429,
      '10',
      {
        ...told,
        statusCode: 429,
        message: 'A caller may have 4 uploads in progress: wait for one of them to end',
        error: 'Too Many Requests',
      },
    ]);
    expect(await rejected(last)).toEqual([
      503,
      '10',
      {
        ...told,
        statusCode: 503,
        message: 'Too many uploads are in progress: retry later',
        error: 'Service Unavailable',
      },
    ]);
    // The pool, one that listens, one that creates, and the one that asks.
    const [row] = await sql(
      database.url,
      'select count(*)::int from pg_stat_activity where datname = current_database()',
    );
    expect(row!.count).toBeLessThanOrEqual(13);

    opened[0]!.socket.destroy();
    expect(await until(async () => (await ask(last)).status === 201)).toBe(true);
    const ends = opened.slice(1).map(({ socket }) => once(socket, 'close'));
    for (const { socket } of opened) socket.destroy();
    await Promise.all(ends);
    await until(async () => (await ask({ ...last, Authorization: `Bearer ${OTHER_KEY}` })).status === 201);
  });
});

function escape(text: string): string {
  return text.replace(/[?()]/g, '\\$&');
}
