import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { inspect } from 'node:util';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { MESSAGE, SECRET, sql, startService, type Service } from './service.js';

const KEY = 'a-key-of-my-own-0123';
const SHOP_KEY = 'the-key-of-the-shop-1';
const ACCESS = 'Authorization';
const JSON_TYPE = 'application/json';

jest.setTimeout(60_000);

let database: TestDatabase;
beforeAll(async () => {
  database = await startDatabase();
}, 60_000);
afterAll(() => database.close());

interface Raw {
  readonly method?: string;
  readonly body?: string;
  /** Names and values in turn, as they go over the wire. */
  readonly headers?: readonly string[];
}

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Headers as no `fetch` sends them: a host of another name, two of a kind, bytes beyond ASCII. */
function raw(url: string, path: string, { method = 'GET', headers = [], body = '' }: Raw = {}): Promise<RawAnswer> {
  const { host, hostname, port } = new URL(url);
  const hasHost = headers.some((name, index) => index % 2 === 0 && name.toLowerCase() === 'host');
  return new Promise((resolve, reject) => {
    const all = [...(hasHost ? [] : ['Host', host]), ...headers, 'Content-Length', String(Buffer.byteLength(body))];
    const request = httpRequest({ hostname, port, path, method, headers: all }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => {
        resolve({ status: response.statusCode, headers: response.headers, body: text });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

describe('the service without API keys', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ DATABASE_URL: database.url });
  });
  beforeEach(() => {
    service.sandbox!.reset();
  });
  afterAll(() => service.close());

  const ROUTES: [method: string, path: string, right: number][] = [
    ['POST', '/v1/messages', 201],
    ['GET', '/v1/messages', 200],
    ['GET', '/v1/held', 200],
    ['GET', '/v1/history', 200],
    ['POST', '/v1/messages/999999/cancel', 404],
    ['GET', '/v1/campaigns', 200],
    ['POST', '/v1/campaigns/999999/cancel', 404],
    ['POST', '/v1/account/resume', 200],
    ['GET', '/v1/balance', 200],
    ['GET', '/v1/costs?from=2027-01-01&to=2027-01-31', 200],
    ['GET', '/docs', 200],
    ['GET', '/docs/swagger-ui-init.js', 200],
    ['GET', '/docs-json', 200],
    ['GET', '/health', 200],
    ['GET', '/health/live', 200],
    ['GET', '/v1/nothing', 404],
    ['POST', '/laaffic/not-the-secret-at-all/reports', 404],
  ];
  const REJECTION = {
    statusCode: 403,
    message: 'Without API_KEYS the service accepts requests from this machine only',
    error: 'Forbidden',
    code: 'FORBIDDEN',
    outcome: 'rejected',
  };
  const ask = (method: string, path: string, ...headers: string[]) => {
    const body = method === 'POST' && path === '/v1/messages' ? JSON.stringify(MESSAGE) : '';
    const type = body === '' ? [] : ['Content-Type', JSON_TYPE];
    return raw(service.url, path, { method, body, headers: [...type, ...headers] });
  };

  const ATTACKS: [string, string[]][] = [
    ['whose host name was rebound to this machine', ['Host', 'rebound.example']],
    ['whose host name only begins like an address', ['Host', '127.0.0.1.evil.example']],
    ['with an invalid address', ['Host', '127.999.1.1']],
    ['with an address of another machine', ['Host', '192.0.2.1:3000']],
    ['with a name below localhost', ['Host', 'evil.localhost']],
    ['of another origin', ['Origin', 'https://evil.example']],
    ['in a sandboxed frame', ['Origin', 'null']],
    ['of another port of this machine', ['Origin', 'http://127.0.0.1:8080']],
    ['that posts what browsers post without asking', ['Origin', 'https://evil.example', 'Content-Type', 'text/plain']],
    [
      'that loads it as a script',
      ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'script'],
    ],
    ['that frames it', ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'iframe']],
    ['of another local app', ['Sec-Fetch-Site', 'same-site', 'Sec-Fetch-Mode', 'no-cors', 'Sec-Fetch-Dest', 'image']],
  ];
  it.each(ATTACKS)('rejects a page %s, on every route', async (_, headers) => {
    for (const [method, path] of ROUTES) {
      const { status, headers: answered, body } = await ask(method, path, ...headers);
      expect({ path, status, body: JSON.parse(body) }).toEqual({
        path,
        status: 403,
        body: { ...REJECTION, requestId: answered['x-request-id'] },
      });
      expect(answered['access-control-allow-origin']).toBeUndefined();
    }
    expect(service.sandbox!.requests).toEqual([]);
  });

  it.each(ROUTES)('rejects the preflight of another origin for %s %s', async (method, path) => {
    const { status, headers } = await raw(service.url, path, {
      method: 'OPTIONS',
      headers: ['Origin', 'https://evil.example', 'Access-Control-Request-Method', method],
    });
    expect(status).toBe(403);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it.each<[string, string[]]>([
    ['a program', []],
    ['a page of its own', ['Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Mode', 'cors', 'Sec-Fetch-Dest', 'empty']],
    ['the address bar', ['Sec-Fetch-Site', 'none', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document']],
    ['a program that writes localhost', ['Host', 'LocalHost']],
    ['a program that asks for another address of this machine', ['Host', '127.0.0.2:3000']],
    ['a program that asks for IPv6', ['Host', '[::1]:3000']],
  ])('responds to %s', async (_, headers) => {
    for (const [method, path, right] of ROUTES) {
      const { status } = await ask(method, path, ...headers);
      expect({ path, status }).toEqual({ path, status: right });
    }
  });

  it('accepts a link that a user follows, and nothing else from another page', async () => {
    const link = ['Sec-Fetch-Site', 'cross-site', 'Sec-Fetch-Mode', 'navigate', 'Sec-Fetch-Dest', 'document'];
    expect((await ask('GET', '/docs', ...link)).status).toBe(200);
    expect((await ask('POST', '/v1/campaigns/999999/cancel', ...link)).status).toBe(403);
  });

  it('accepts a push with the right secret under any host name, because a proxy may have one', async () => {
    const body = JSON.stringify({ msgid: '1', mobile: '91856321412', status: 0 });
    const headers = ['Host', 'sms.example', 'Content-Type', JSON_TYPE];
    const push = (secret: string) =>
      raw(service.url, `/laaffic/${secret}/reports`, { method: 'POST', body, headers }).then(({ status }) => status);
    expect(await push(SECRET)).toBe(200);
    expect(await push('not-the-secret-at-all')).toBe(403);
  });

  it('records `api` in the history, with the person that the request names', async () => {
    const { headers } = await service.send({ ...MESSAGE, sendAt: '2099-01-31T09:00:00Z' });
    const path = headers.get('location')!;
    await service.post(`${path}/cancel`);
    expect((await service.post('/v1/account/resume', { by: 'ann' })).status).toBe(400);
    const journal = (await service.get(`${path}/history`)).text.trim().split('\n');
    expect(journal.map((line) => (JSON.parse(line) as { actor: string }).actor)).toEqual(['api', 'api']);
  });
});

it.each(['/docs', '/docs/', '/docs-json', '/v1/nothing', '/health/live'])(
  '%s cannot be framed, nor loaded as another type',
  async (path) => {
    const service = await startService({ DATABASE_URL: database.url });
    const { headers } = await service.get(path);
    await service.close();
    const told = (name: string) => headers.get(name);
    expect(told('x-frame-options')).toBe('DENY');
    expect(told('x-content-type-options')).toBe('nosniff');
    expect(told('referrer-policy')).toBe('no-referrer');
    expect(told('cross-origin-resource-policy')).toBe('same-origin');
    expect(told('content-security-policy')).toBe(
      /^\/docs\/?$/.test(path)
        ? "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
            "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        : "default-src 'none'; frame-ancestors 'none'",
    );
    expect(told('x-powered-by')).toBeNull();
  },
);

describe('the service with API keys', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ DATABASE_URL: database.url, API_KEYS: `${KEY},shop:${SHOP_KEY}`, TRUST_PROXY: '1' });
  });
  afterAll(() => service.close());

  let client = 0;
  /** Each from an address of its own, as the proxy tells it. */
  const from = (address = `203.0.113.${(client++ % 250) + 1}`) => ['X-Forwarded-For', address];
  const balance = (...headers: string[]) => raw(service.url, '/v1/balance', { headers: [...from(), ...headers] });

  it.each<[string, number, string[]]>([
    ['the key', 200, [ACCESS, `Bearer ${KEY}`]],
    ['another key', 200, [ACCESS, `Bearer ${SHOP_KEY}`]],
    ['a scheme in lower case', 200, [ACCESS, `bearer ${KEY}`]],
    ['a scheme in upper case', 200, [ACCESS, `BEARER ${KEY}`]],
    ['a header in lower case', 200, ['authorization', `Bearer ${KEY}`]],
    ['two blanks', 200, [ACCESS, `Bearer  ${KEY}`]],
    ['blanks around it', 200, [ACCESS, `  Bearer ${KEY}  `]],
    ['a page of another origin that has the key', 200, [ACCESS, `Bearer ${KEY}`, 'Origin', 'https://shop.example']],
    ['no header', 401, []],
    ['an empty header', 401, [ACCESS, '']],
    ['no token', 401, [ACCESS, 'Bearer']],
    ['an empty token', 401, [ACCESS, 'Bearer ']],
    ['no scheme', 401, [ACCESS, KEY]],
    ['another scheme', 401, [ACCESS, `Basic ${KEY}`]],
    ['the key as a password', 401, [ACCESS, `Basic ${Buffer.from(`x:${KEY}`).toString('base64')}`]],
    ['a scheme that only begins like it', 401, [ACCESS, `Bearers ${KEY}`]],
    ['a scheme without a blank', 401, [ACCESS, `Bearer${KEY}`]],
    ['a tab', 401, [ACCESS, `Bearer\t${KEY}`]],
    ['a colon', 401, [ACCESS, `Bearer: ${KEY}`]],
    ['quotes', 401, [ACCESS, `Bearer "${KEY}"`]],
    ['a parameter', 401, [ACCESS, `Bearer token=${KEY}`]],
    ['a list of keys', 401, [ACCESS, `Bearer ${KEY},${SHOP_KEY}`]],
    ['two tokens', 401, [ACCESS, `Bearer ${KEY} ${SHOP_KEY}`]],
    ['two headers, though one is right', 401, [ACCESS, `Bearer ${KEY}`, ACCESS, 'Bearer wrong']],
    ['two right headers', 401, [ACCESS, `Bearer ${KEY}`, ACCESS, `Bearer ${SHOP_KEY}`]],
    ['the beginning of a key', 401, [ACCESS, `Bearer ${KEY.slice(0, -1)}`]],
    ['more than a key', 401, [ACCESS, `Bearer ${KEY}4`]],
    ['a key in another case', 401, [ACCESS, `Bearer ${KEY.toUpperCase()}`]],
    ['the name and the key', 401, [ACCESS, `Bearer shop:${SHOP_KEY}`]],
    ['a name', 401, [ACCESS, 'Bearer shop']],
    ['bytes beyond ASCII', 401, [ACCESS, `Bearer ${KEY}\u00e9`]],
    ['a huge token', 401, [ACCESS, `Bearer ${'x'.repeat(12_000)}`]],
    ['a token beyond all bounds', 431, [ACCESS, `Bearer ${'x'.repeat(20_000)}`]],
    ['the key in the header of a proxy', 401, ['Proxy-Authorization', `Bearer ${KEY}`]],
    ['the key in a header of another name', 401, ['X-Api-Key', KEY]],
    ['the key in a cookie', 401, ['Cookie', `Authorization=Bearer ${KEY}`]],
  ])('%s: %i', async (_, expected, headers) => {
    const { status, headers: answered, body } = await balance(...headers);
    expect(status).toEqual(expected);
    expect(answered['www-authenticate']).toEqual(expected === 401 ? 'Bearer' : undefined);
    if (expected !== 401) return;
    expect(JSON.parse(body)).toEqual({
      statusCode: 401,
      message: 'An API key is needed: Authorization: Bearer <key>',
      error: 'Unauthorized',
      code: 'UNAUTHORIZED',
      outcome: 'rejected',
      requestId: answered['x-request-id'],
    });
  });

  it('needs no key for the health routes and the API page', async () => {
    for (const path of ['/health', '/health/live', '/docs', '/docs-json']) {
      const { status } = await raw(service.url, path, { headers: ['Host', 'sms.example'] });
      expect({ path, status }).toEqual({ path, status: 200 });
    }
  });

  it('does not take the key from the query', async () => {
    const { status } = await raw(service.url, `/v1/balance?access_token=${KEY}&api_key=${KEY}`, { headers: from() });
    expect(status).toBe(401);
  });

  it('allows a page of another origin neither to read nor to send', async () => {
    const headers = ['Origin', 'https://evil.example', 'Access-Control-Request-Method', 'POST'];
    const { status, headers: answered } = await raw(service.url, '/v1/messages', { method: 'OPTIONS', headers });
    expect(status).toBe(404);
    expect(answered['access-control-allow-origin']).toBeUndefined();
  });

  it('records the name of the key, and the person that the body names, in every history', async () => {
    const shop = { Authorization: `Bearer ${SHOP_KEY}` };
    const other = { Authorization: `Bearer ${KEY}` };
    const at = (answer: { headers: Headers }) => answer.headers.get('location')!;
    const by = async (path: string) =>
      (await service.get(`${path}/history`, shop)).text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { event: string; actor: string })
        .filter((entry) => !entry.actor.includes('.') && entry.actor !== 'gateway')
        .map((entry) => [entry.event, entry.actor]);

    const message = at(await service.send({ ...MESSAGE, sendAt: '2099-01-31T09:00:00Z' }, shop));
    await service.post(`${message}/cancel`, undefined, other);
    expect(await by(message)).toEqual([
      ['pending', 'shop'],
      ['cancelled', 'key-1'],
    ]);

    service.sandbox!.script({ endpoint: 'sendSms', fault: 'cut-after-accepting' });
    const sent = at(await service.send({ ...MESSAGE, to: ['91856321412', '91856321413'] }, shop));
    await sql(
      database.url,
      `update chunk set state = 'held', held = size, unknown = 0 where id = ${sent.split('/').at(-1)}`,
    );
    const decision = { decision: 'abandon', positions: [0] };
    expect((await service.post(`${sent}/resolve`, { ...decision, by: 'ann' }, shop)).status).toBe(400);
    expect((await service.post(`${sent}/resolve`, { ...decision, actor: ' ' }, shop)).body).toMatchObject({
      field: 'actor',
    });
    await service.post(`${sent}/resolve`, { ...decision, actor: 'ann' }, shop);
    await service.post(`${sent}/resolve`, { decision: 'abandon' }, other);
    expect((await by(sent)).slice(-2).map(([, name]) => name)).toEqual(['ann (key shop)', 'key-1']);

    const csv = { ...shop, 'Content-Type': 'text/csv' };
    const campaign = at(await service.post('/v1/campaigns?name=a&content=b', '91856321412', csv));
    for (const step of ['start', 'pause', 'resume', 'cancel']) {
      await service.post(`${campaign}/${step}`, undefined, step === 'pause' ? other : shop);
    }
    const steps = (await by(campaign)).filter(([event]) => event !== 'completed' && event !== 'done');
    expect(steps.slice(0, 3)).toEqual([
      ['creating', 'shop'],
      ['draft', 'shop'],
      ['running', 'shop'],
    ]);
    expect(steps.filter(([event]) => event === 'paused').every(([, name]) => name === 'key-1')).toBe(true);
    expect(new Set(steps.map(([, name]) => name))).toEqual(new Set(['shop', 'key-1']));

    await sql(database.url, `update account set paused_code = 'X', paused_at = now(), paused_reason = 'x'`);
    await service.post('/v1/account/resume', { actor: 'ann' }, shop);
    const [resumed] = await sql(database.url, `select actor from history where event = 'account resumed'`);
    expect(resumed).toEqual({ actor: 'ann (key shop)' });
  });

  it('delays wrong keys of an address, and never a valid key of the same address', async () => {
    const proxied = from('198.51.100.1');
    const wrong = () => raw(service.url, '/v1/balance', { headers: [...proxied, ACCESS, 'Bearer wrong'] });
    const right = () => raw(service.url, '/v1/balance', { headers: [...proxied, ACCESS, `Bearer ${KEY}`] });
    const first = await Promise.all(Array.from({ length: 10 }, wrong));
    expect(first.map(({ status }) => status)).toEqual(Array(10).fill(401));
    const begun = performance.now();
    const late = wrong();
    expect((await right()).status).toBe(200);
    const { status, headers, body } = await late;
    expect(performance.now() - begun).toBeGreaterThan(900);
    expect(status).toBe(429);
    expect(JSON.parse(body)).toEqual({
      statusCode: 429,
      message: 'Too many wrong API keys came from this address',
      error: 'Too Many Requests',
      code: 'TOO_MANY_REQUESTS',
      outcome: 'rejected',
      requestId: headers['x-request-id'],
    });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
    // A request without a key is not a guess.
    expect((await raw(service.url, '/v1/balance', { headers: proxied })).status).toBe(401);
    expect((await balance(ACCESS, 'Bearer wrong')).status).toBe(401);
  });

  it('responds to many wrong keys at once without holding them', async () => {
    const headers = [...from('198.51.100.2'), ACCESS, 'Bearer wrong'];
    const answers = await Promise.all(Array.from({ length: 200 }, () => raw(service.url, '/v1/balance', { headers })));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((one) => one === 401)).toHaveLength(10);
    expect(statuses.filter((one) => one === 429)).toHaveLength(190);
  });

  it('trusts the configured proxies, and nothing further left in X-Forwarded-For', async () => {
    const forged = (i: number) => ['X-Forwarded-For', `192.0.2.${i}, 198.51.100.3`, ACCESS, 'Bearer wrong'];
    const statuses: unknown[] = [];
    for (let i = 0; i < 11; i++) statuses.push((await raw(service.url, '/v1/balance', { headers: forged(i) })).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429]);
  });

  it('logs wrong keys once a minute, and never a key', () => {
    const lines = service.logger.lines.filter((line) => inspect(line).includes('wrong API keys'));
    expect(lines).toEqual([
      [
        { event: 'wrong API keys', requests: 1, addresses: 1, from: expect.stringMatching(/^203\.0\.113\.\d+$/) },
        'Access',
      ],
    ]);
    expect(inspect(service.logger.lines, { depth: 9 })).not.toMatch(new RegExp(`${KEY}|${SHOP_KEY}`));
  });
});

describe('pushes', () => {
  it('are accepted with each secret, from the allowed addresses', async () => {
    const service = await startService({
      DATABASE_URL: database.url,
      LAAFFIC_APP_ID: 'x',
      LAAFFIC_API_KEY: 'y',
      LAAFFIC_API_SECRET: 'z',
      WEBHOOK_SECRET: `${SECRET}-new,${SECRET}`,
      WEBHOOK_ALLOWED_IPS: '203.0.113.0/24',
      TRUST_PROXY: '1',
    });
    const body = JSON.stringify({ msgid: '1', mobile: '91856321412', status: 0 });
    const push = async (secret: string, address: string) => {
      const headers = ['X-Forwarded-For', address, 'Content-Type', JSON_TYPE];
      return (await raw(service.url, `/laaffic/${secret}/reports`, { method: 'POST', body, headers })).status;
    };
    const statuses = [
      await push(`${SECRET}-new`, '203.0.113.7'),
      await push(SECRET, '203.0.113.7'),
      await push(`${SECRET}-old`, '203.0.113.7'),
      await push(SECRET, '198.51.100.7'),
      await push(SECRET, '203.0.113.7, 198.51.100.7'),
    ];
    await service.close();
    expect(statuses).toEqual([200, 200, 404, 404, 404]);
  });
});
