import { Injectable, type CanActivate } from '@nestjs/common';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';
import { errorBody, NO_STORE, PLATFORMS, Server } from './server.js';

@Injectable()
class KeyGuard implements CanActivate {
  canActivate(): boolean {
    return isOpen;
  }
}

let isOpen = true;
let server: Server;
beforeAll(async () => {
  server = await Server.set();
});
afterAll(() => server.close());

describe.each(PLATFORMS)('the routes for operators, on %s,', (platform, adapter) => {
  const routes = [
    LaafficVerifyHttpModule.register({ caller: 'backend', guards: [KeyGuard] }),
    LaafficVerifyHttpModule.register({ caller: 'visitor', purposes: ['sign-up'], path: 'visitors' }),
  ];
  beforeAll(async () => {
    isOpen = true;
    await server.start(
      adapter(),
      { imports: routes },
      { guard: { caps: { messagesPerDay: 10_000 } }, countries: 'all' },
    );
  });

  const path = '/verifications/guard';
  const get = (rest: string) => server.ask('GET', path + rest);
  const post = (rest: string, body: unknown) => server.post(path + rest, body);
  const put = (body: unknown) => server.ask('PUT', `${path}/list`, body);
  const start = (to: string, more: object = {}, headers: Record<string, string> = {}) =>
    server.post('/verifications', { to, purpose: 'sign-in', ...more }, headers);
  /** Each platform has a country of its own, because both share the database. */
  const [country, prefix] = platform === 'Express' ? ['DE', '+49151'] : ['FR', '+3361'];
  const to = platform === 'Express' ? '+4915112345678' : '+33612345678';
  const entry = { verdict: 'deny', actor: 'Ada', listedAt: expect.any(String) as string };

  it('are closed for callers that no guard lets in, and are not there for visitors', async () => {
    isOpen = false;
    const closed = [
      await get(''),
      await get('/decisions'),
      await get('/alarms'),
      ...(await Promise.all(['/block', '/allow', '/release'].map((rest) => post(rest, {})))),
      await put({}),
    ];
    isOpen = true;
    expect(closed.map(({ status }) => status)).toEqual(closed.map(() => 403));
    expect(await server.ask('GET', '/visitors/guard')).toMatchObject({ status: 404 });
    expect(await server.post('/visitors/guard/block', { target: 'GB', actor: 'Eve' })).toMatchObject({ status: 404 });
  });

  it('block a country, show what was decided, and release it', async () => {
    const since = encodeURIComponent(new Date(Date.now() - 1_000).toISOString());
    const blocked = await post('/block', { target: country, actor: 'Ada', until: '2999-01-31T12:00:00Z' });
    expect(blocked).toEqual({
      ...{ status: 200, headers: NO_STORE },
      body: { listed: [{ ...entry, kind: 'country', label: country, until: '2999-01-31T12:00:00.000Z' }] },
    });
    expect(await start(to)).toMatchObject({
      ...{ status: 429, headers: { 'retry-after': '900' }, body: { code: 'VERIFY_REJECTED' } },
    });
    const decisions = await get(`/decisions?since=${since}&country=${country}&rule=denied&limit=5`);
    expect(decisions).toEqual({
      status: 200,
      headers: { 'cache-control': 'no-store', 'content-type': 'application/x-ndjson; charset=utf-8' },
      body: {
        ...{ at: expect.any(String) as string, tenant: '', purpose: 'sign-in', country, rule: 'denied' },
        ...{ isShadow: false, count: 1 },
      },
    });
    expect(await get('')).toMatchObject({
      status: 200,
      headers: NO_STORE,
      body: { listed: blocked.body['listed'], caps: [{ cap: 'messagesPerHour' }, { cap: 'messagesPerDay' }] },
    });
    expect(await get(`/alarms?since=${since}`)).toEqual({ status: 200, headers: NO_STORE, body: { alarms: [] } });
    expect(await post('/release', { target: country, actor: 'Ada' })).toEqual({
      ...{ status: 200, headers: NO_STORE, body: { wasListed: true, ranges: [] } },
    });
  });

  it('allow a range, and deny a number until null takes it off', async () => {
    const range = { kind: 'prefix', label: prefix, verdict: 'allow', actor: 'Ada', listedAt: entry.listedAt };
    const { body } = await post('/allow', { target: `${prefix}xxx`, actor: 'Ada' });
    expect(body).toEqual({ listed: [range] });
    const number = { ...entry, kind: 'number', label: `${to.slice(0, 4)}…${to.slice(-3)}` };
    expect((await put({ number: to, verdict: 'deny', actor: 'Ada' })).body).toEqual({ listed: [number, range] });
    expect((await put({ number: to, verdict: null, actor: 'Ada' })).body).toEqual({ listed: [range] });
    await post('/release', { target: prefix, actor: 'Ada' });
  });

  it.each<[string, string, string, object, string, string]>([
    ['no target', 'POST', '/block', { actor: 'a' }, 'target', 'must be text'],
    [
      'a wrong target',
      'POST',
      '/release',
      { target: '07', actor: 'a' },
      'target',
      'must be the first digits of numbers, such as +447400123, or a country, such as GB',
    ],
    [
      'no actor',
      'POST',
      '/allow',
      { target: 'GB' },
      'actor',
      'must be the name of who does it: 1 to 200 characters on one line',
    ],
    [
      'an end without a time zone',
      'POST',
      '/block',
      { target: 'GB', actor: 'a', until: '2999-01-31T12:00:00' },
      'until',
      'must be a time such as 2030-01-31T12:00:00Z',
    ],
    [
      'a past end',
      'POST',
      '/block',
      { target: 'GB', actor: 'a', until: '2001-01-31T12:00:00Z' },
      'until',
      'must be a time in the future',
    ],
    [
      'no verdict',
      'PUT',
      '/list',
      { number: '+447400123456', actor: 'a' },
      'verdict',
      "must be 'allow', 'deny' or null",
    ],
    [
      'another field',
      'POST',
      '/release',
      { target: 'GB', actor: 'a', until: 'x' },
      'until',
      'is not a field of this request',
    ],
  ])('reject %s', async (_case, method, rest, body, field, problem) => {
    expect(await server.ask(method, path + rest, body)).toEqual({
      status: 400,
      headers: NO_STORE,
      body: errorBody(400, 'Bad Request', 'VERIFY_INVALID_REQUEST', `${field} ${problem}`, { field }),
    });
  });

  it.each([
    ['/decisions', 'since'],
    ['/decisions?since=1', 'since'],
    ['/decisions?since=2030-01-31T12:00:00Z&limit=0', 'limit'],
    ['/decisions?since=2030-01-31T12:00:00Z&limit=10001', 'limit'],
    ['/decisions?since=2030-01-31T12:00:00Z&rule=a&rule=b', 'rule'],
    ['/alarms?since=yesterday', 'since'],
    ['/alarms?until=x', 'until'],
  ])('reject %s', async (rest, field) => {
    expect(await get(rest)).toMatchObject({ status: 400, body: { code: 'VERIFY_INVALID_REQUEST', field } });
  });

  it('a start with an idempotency key can be repeated', async () => {
    const number = server.newNumber();
    const key = { 'idempotency-key': `order ${platform}` };
    const first = await start(number, {}, key);
    expect(first).toMatchObject({ status: 201, body: { sent: true } });
    expect(await start(number, {}, key)).toMatchObject({ status: 200, body: { id: first.body['id'], sent: false } });
    expect(await start(server.newNumber(), {}, key)).toMatchObject({
      status: 422,
      body: { code: 'VERIFY_KEY_REUSED' },
    });
    const field = 'Idempotency-Key';
    expect(await start(number, {}, { 'idempotency-key': 'x'.repeat(256) })).toMatchObject({
      ...{ status: 400, body: { code: 'VERIFY_INVALID_REQUEST', field } },
    });
    const visit = (session: object) => server.post('/visitors', { to: number, purpose: 'sign-up', ...session }, key);
    expect((await visit({})).body['id']).not.toBe(first.body['id']);
  });

  it('a backend can start a decoy, and a visitor cannot', async () => {
    const number = server.newNumber();
    expect(await start(number, { decoy: true })).toMatchObject({
      status: 201,
      body: { status: 'pending', sent: true },
    });
    expect(await start(number, { decoy: 'yes' })).toMatchObject({ status: 400, body: { field: 'decoy' } });
    const visitor = { to: number, purpose: 'sign-up' };
    expect(await server.post('/visitors', { ...visitor, decoy: true })).toMatchObject({ body: { field: 'decoy' } });
    expect(await server.post('/visitors', { ...visitor, challenge: '' })).toMatchObject({
      body: { field: 'challenge' },
    });
    expect(server.sandbox.messages.filter((message) => `+${message.number}` === number)).toEqual([]);
  });
});

describe.each(PLATFORMS)('a challenge, on %s,', (platform, adapter) => {
  it('is answered in the body, by visitors and backends', async () => {
    const routes = [
      LaafficVerifyHttpModule.register({ caller: 'backend', guards: [KeyGuard] }),
      LaafficVerifyHttpModule.register({ caller: 'visitor', purposes: ['sign-in'], path: 'visitors' }),
    ];
    const challenge = { verify: (answer: string) => Promise.resolve(answer === 'right') };
    await server.start(adapter(), { imports: routes }, { challenge });
    const range = platform === 'Express' ? '+447400321' : '+447400654';
    const start = (path: string, last: number, more: object = {}) =>
      server.post(path, { to: `${range}${100 + last}`, purpose: 'sign-in', ...more });
    for (let last = 0; last < 20; last++) await start('/verifications', last);
    for (const [path, last] of [
      ['/verifications', 21],
      ['/visitors', 22],
    ] as const) {
      expect(await start(path, last)).toMatchObject({ status: 403, body: { code: 'VERIFY_CHALLENGE' } });
      expect(await start(path, last, { challenge: 'wrong' })).toMatchObject({ status: 403 });
      expect(await start(path, last, { challenge: 'right' })).toMatchObject({ status: 201, body: { sent: true } });
    }
  });
});
