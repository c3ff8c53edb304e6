import { createHash, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SCOPES, type Scope } from '../../src/common/auth/scopes.js';
import { startDatabase, type TestDatabase } from '../outbox/database.js';
import { until } from '../until.js';
import { instancesOfATest, invalidField, MESSAGE, NOT_FOUND, sql, startService, type Service } from './service.js';

const ADMIN_KEY = 'the-key-of-the-admin-1';
const API_KEYS = `admin:${ADMIN_KEY}`;
const ADMIN = { Authorization: `Bearer ${ADMIN_KEY}` };
const PLACE = '/v1/api-keys';
const UUID = '7b0f2f3e-2f0e-4c07-9a51-0d2b6b0f5a11';

/** The scope of each route, once more: what the code declares by mistake must not pass. */
const ROUTES: Readonly<Record<string, Scope | 'public'>> = {
  'get /health': 'public',
  'get /health/live': 'public',
  'post /v1/messages': 'messages:send',
  'get /v1/messages': 'messages:read',
  'get /v1/messages/{id}': 'messages:read',
  'post /v1/messages/{id}/cancel': 'messages:send',
  'get /v1/messages/{id}/history': 'messages:read',
  'post /v1/messages/{id}/resolve': 'held:resolve',
  'post /v1/campaigns': 'campaigns:write',
  'get /v1/campaigns': 'campaigns:read',
  'get /v1/campaigns/{id}': 'campaigns:read',
  'get /v1/campaigns/{id}/results': 'campaigns:read',
  'get /v1/campaigns/{id}/events': 'campaigns:read',
  'get /v1/campaigns/{id}/history': 'campaigns:read',
  'get /v1/campaigns/{id}/held': 'held:read',
  'post /v1/campaigns/{id}/start': 'campaigns:start',
  'post /v1/campaigns/{id}/pause': 'campaigns:write',
  'post /v1/campaigns/{id}/resume': 'campaigns:start',
  'post /v1/campaigns/{id}/cancel': 'campaigns:write',
  'post /v1/campaigns/{id}/resolve': 'held:resolve',
  'post /v1/campaigns/{id}/retry-rejected': 'campaigns:start',
  'get /v1/held': 'held:read',
  'get /v1/history': 'history:read',
  'get /v1/inbound': 'inbound:read',
  'post /v1/inbound/search': 'inbound:read',
  'get /v1/inbound/{id}': 'inbound:read',
  'post /v1/inbound/{id}/review': 'inbound:review',
  'get /v1/opt-outs': 'opt-outs:read',
  'post /v1/opt-outs': 'opt-outs:write',
  'post /v1/opt-outs/search': 'opt-outs:read',
  'post /v1/opt-outs/check': 'opt-outs:read',
  'post /v1/opt-outs/end': 'opt-outs:end',
  'get /v1/pushes/unreadable': 'pushes:read',
  'get /v1/account': 'account:read',
  'post /v1/account/resume': 'account:resume',
  'get /v1/balance': 'account:read',
  'get /v1/costs': 'account:read',
  'post /v1/verifications': 'verifications:write',
  'get /v1/verifications/{id}': 'verifications:read',
  'post /v1/verifications/{id}/check': 'verifications:write',
  'post /v1/verifications/{id}/resend': 'verifications:write',
  'post /v1/verifications/{id}/cancel': 'verifications:write',
  'post /v1/verifications/proofs/redeem': 'verifications:write',
  'post /v1/verifications/release': 'verifications:release',
  'get /v1/verifications/guard': 'guard:read',
  'get /v1/verifications/guard/decisions': 'guard:read',
  'get /v1/verifications/guard/alarms': 'guard:read',
  'post /v1/verifications/guard/block': 'guard:write',
  'post /v1/verifications/guard/allow': 'guard:write',
  'post /v1/verifications/guard/release': 'guard:write',
  'put /v1/verifications/guard/list': 'guard:write',
  'post /v1/api-keys': 'keys:write',
  'get /v1/api-keys': 'keys:write',
  'delete /v1/api-keys/{id}': 'keys:write',
};

const missingScope = (scope: Scope) => ({
  statusCode: 403,
  message: `The API key lacks the scope ${scope}`,
  error: 'Forbidden',
  code: 'MISSING_SCOPE',
  outcome: 'rejected',
  missingScope: scope,
});
const NO_KEY = {
  statusCode: 401,
  message: 'An API key is needed: Authorization: Bearer <key>',
  error: 'Unauthorized',
  code: 'UNAUTHORIZED',
  outcome: 'rejected',
};

interface ApiKeyJson {
  readonly id: string;
  readonly name: string;
  readonly key: string;
  readonly usedAt?: string;
}

let database: TestDatabase;
let service: Service;
beforeAll(async () => {
  database = await startDatabase();
  service = await startService({ DATABASE_URL: database.url, API_KEYS, TRUST_PROXY: '1' });
});
afterAll(async () => {
  await service.close();
  await database.close();
});
const startInstance = instancesOfATest();

let created = 0;
/** Creates a key, and returns it with the header that it is sent in. */
async function newKey(scopes: readonly Scope[], fields: object = {}, by: Record<string, string> = ADMIN) {
  const answer = await service.post(PLACE, { name: `crm-${++created}`, scopes, ...fields }, by);
  expect([answer.status, answer.text]).toEqual([201, expect.any(String)]);
  const apiKey = answer.body as unknown as ApiKeyJson;
  return { ...apiKey, answer, headers: { Authorization: `Bearer ${apiKey.key}` } };
}
const list = async (query = '') =>
  (await service.get(PLACE + query, ADMIN)).body as unknown as {
    readonly apiKeys: readonly ApiKeyJson[];
    readonly before?: string;
  };
const find = async (id: string) => (await list('?limit=1000')).apiKeys.find((apiKey) => apiKey.id === id);
const remove = (instance: Service, id: string, headers = ADMIN) =>
  instance.ask(`${PLACE}/${id}`, { method: 'DELETE', headers });

describe('scopes', () => {
  it('each route admits the keys with its scope and no others, and names the scope that is missing', async () => {
    const api = JSON.parse((await service.get('/docs-json')).text) as {
      readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
    };
    const routes = Object.entries(api.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
    );
    expect(routes.map(({ name }) => name).sort()).toEqual(Object.keys(ROUTES).sort());
    expect(Object.fromEntries(routes.map(({ name, operation }) => [name, operation['x-required-scope']]))).toEqual(
      Object.fromEntries(Object.entries(ROUTES).map(([name, it]) => [name, it === 'public' ? undefined : it])),
    );

    const keys: { readonly scope: Scope | undefined; readonly headers: Record<string, string> }[] = [];
    for (const scope of SCOPES) keys.push({ scope, headers: (await newKey([scope])).headers });
    const none = await newKey(['messages:read'], { name: 'without-scopes' });
    await sql(database.url, `update laaffic_service.api_key set scopes = '{}' where id = ${none.id}`);
    keys.push({ scope: undefined, headers: none.headers });

    for (const { name, method, path } of routes) {
      const place = path.replace('{id}', path.includes('verifications') ? UUID : '999999');
      const ask = (headers: Record<string, string>) => {
        const isRead = method === 'get' || method === 'delete';
        const body = isRead ? {} : { body: '{}', headers: { 'Content-Type': 'application/json', ...headers } };
        return service.ask(place, { method: method.toUpperCase(), headers, ...body });
      };
      const needed = ROUTES[name]!;
      for (const { scope, headers } of keys) {
        const { status, body } = await ask(headers);
        const isIn = needed === 'public' || scope === needed;
        if (isIn) expect([name, scope, [401, 403].includes(status)]).toEqual([name, scope, false]);
        else expect([name, scope, status, body]).toEqual([name, scope, 403, missingScope(needed)]);
      }
      const { status, body } = await ask({});
      if (needed === 'public') expect([name, status]).toEqual([name, 200]);
      else expect([name, body]).toEqual([name, NO_KEY]);
      expect([name, [401, 403].includes((await ask(ADMIN)).status)]).toEqual([name, false]);
    }
  });

  it('every scope belongs to a route', () => {
    expect([...new Set(Object.values(ROUTES))].sort()).toEqual([...SCOPES, 'public'].sort());
  });

  it.each<[string, string, string, string]>([
    ['JSON', 'application/json', '', '{"name": "a", "content": "b", "sendAt": "now", "recipients": ["91856321412"]}'],
    [
      'a later time',
      'application/json',
      '',
      '{"name": "a", "content": "b", "sendAt": "2099-01-31T09:00:00Z", "recipients": ["1"]}',
    ],
    ['CSV', 'text/csv', '?name=a&content=b&sendAt=now', '91856321412\n'],
    ['NDJSON', 'application/x-ndjson', '?name=a&content=b&sendAt=2099-01-31T09:00:00Z', '"91856321412"\n'],
  ])('a campaign that starts by itself needs campaigns:start too: %s', async (_, type, query, body) => {
    const { headers } = await newKey(['campaigns:write', 'campaigns:read']);
    const before = (await service.get('/v1/campaigns', headers)).text;
    const answer = await service.post(`/v1/campaigns${query}`, body, { ...headers, 'Content-Type': type });
    expect([answer.status, answer.body]).toEqual([403, missingScope('campaigns:start')]);
    expect((await service.get('/v1/campaigns', headers)).text).toBe(before);
  });

  it('campaigns:write creates a draft, and both scopes start it at once', async () => {
    const csv = { 'Content-Type': 'text/csv' };
    const writer = await newKey(['campaigns:write']);
    const draft = await service.post('/v1/campaigns?name=a&content=b', '91856321412\n', { ...writer.headers, ...csv });
    expect(draft.status).toBe(201);
    const starter = await newKey(['campaigns:write', 'campaigns:start']);
    const started = await service.post('/v1/campaigns?name=a&content=b&sendAt=now', '91856321412\n', {
      ...starter.headers,
      ...csv,
    });
    expect(started.status).toBe(201);
  });

  it('a scope of a newer release gives nothing', async () => {
    const { id, headers } = await newKey(['account:read']);
    await sql(
      database.url,
      `update laaffic_service.api_key set scopes = '{account:everything,__proto__}' where id = ${id}`,
    );
    expect((await service.get('/v1/account', headers)).body).toEqual(missingScope('account:read'));
  });
});

describe('creating a key', () => {
  it('returns the key once, and stores its digest only', async () => {
    const fields = { requestsPerSecond: 5, burst: 20, expiresAt: '2099-01-31T10:00:00+01:00', actor: 'ann' };
    const { id, key, name, answer } = await newKey(['messages:send', 'messages:read'], fields);
    expect(key).toMatch(/^laaffic_[\w-]{43}$/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const shown = {
      ...{ id, name, start: key.slice(0, 12), scopes: ['messages:send', 'messages:read'] },
      ...{ requestsPerSecond: 5, burst: 20, expiresAt: '2099-01-31T09:00:00.000Z' },
      ...{ createdAt: expect.stringMatching(/^20.*Z$/) as string, actor: 'ann (key admin)' },
    };
    expect(answer.body).toEqual({ ...shown, key });
    expect(await find(id)).toEqual(shown);
    const [row] = await sql(
      database.url,
      `select k::text as text, digest from laaffic_service.api_key k where id = ${id}`,
    );
    expect(row!['digest']).toEqual(createHash('sha256').update(key).digest());
    expect(row!['text']).not.toContain(key.slice(13));
    expect(inspect(service.logger.lines, { depth: 9 })).not.toContain('laaffic_');
  });

  it('works with the required fields only, and with nulls', async () => {
    const few = await newKey(['account:read'], { requestsPerSecond: null, burst: null, expiresAt: null });
    expect(few.answer.body).toEqual({
      ...{ id: few.id, name: few.name, key: few.key, start: few.key.slice(0, 12), scopes: ['account:read'] },
      ...{ createdAt: expect.any(String) as string, actor: 'admin' },
    });
    const { answer } = await newKey(['account:read'], { requestsPerSecond: 2.5 });
    expect(answer.body).toMatchObject({ requestsPerSecond: 2.5, burst: 3 });
    const slow = await newKey(['account:read'], { requestsPerSecond: 0.01 });
    expect(slow.answer.body).toMatchObject({ requestsPerSecond: 0.01, burst: 1 });
  });

  const right = { name: 'right', scopes: ['messages:send'] };
  it.each<[string, unknown, string]>([
    ['no name', { scopes: ['messages:send'] }, 'name'],
    ['an empty name', { ...right, name: '' }, 'name'],
    ['a name with a blank', { ...right, name: 'a b' }, 'name'],
    ['a name with a person', { ...right, name: 'ann (key admin)' }, 'name'],
    ['a name with a line end', { ...right, name: 'crm\n' }, 'name'],
    ['a name in another script', { ...right, name: 'магазин' }, 'name'],
    ['a long name', { ...right, name: 'x'.repeat(41) }, 'name'],
    ['a name that is no text', { ...right, name: { $ne: '' } }, 'name'],
    ['no scopes', { name: 'right' }, 'scopes'],
    ['an empty list of scopes', { ...right, scopes: [] }, 'scopes'],
    ['a scope as text', { ...right, scopes: 'messages:send' }, 'scopes'],
    ['an unknown scope', { ...right, scopes: ['messages:send', 'messages:*'] }, 'scopes'],
    ['a scope that objects have', { ...right, scopes: ['toString'] }, 'scopes'],
    ['a scope twice', { ...right, scopes: ['messages:send', 'messages:send'] }, 'scopes'],
    ['a rate of nothing', { ...right, requestsPerSecond: 0 }, 'requestsPerSecond'],
    ['a negative rate', { ...right, requestsPerSecond: -1 }, 'requestsPerSecond'],
    ['a huge rate', { ...right, requestsPerSecond: 1e300 }, 'requestsPerSecond'],
    ['a rate as text', { ...right, requestsPerSecond: '5' }, 'requestsPerSecond'],
    ['a burst without a rate', { ...right, burst: 5 }, 'burst'],
    ['half a burst', { ...right, requestsPerSecond: 5, burst: 1.5 }, 'burst'],
    ['an empty burst', { ...right, requestsPerSecond: 5, burst: 0 }, 'burst'],
    ['an end in the past', { ...right, expiresAt: '2020-01-31T09:00:00Z' }, 'expiresAt'],
    ['an end without an offset', { ...right, expiresAt: '2099-01-31T09:00:00' }, 'expiresAt'],
    ['an end that is no time', { ...right, expiresAt: 'never' }, 'expiresAt'],
    ['a blank actor', { ...right, actor: ' ' }, 'actor'],
    ['an unknown field', { ...right, key: 'a-key-of-my-own-0123' }, 'key'],
  ])('rejects %s', async (_, body, field) => {
    const answer = await service.post(PLACE, body, ADMIN);
    expect([answer.status, answer.body]).toEqual([400, invalidField(expect.any(String), field)]);
  });

  it.each([
    ['a name of the environment', 'admin'],
    ['the actor of a service without keys', 'api'],
    ['the platform', 'Gateway'],
    ['a worker', 'host.17.0f3a9c'],
    ['a key without a name', 'key-1'],
  ])('rejects a name that would pose as %s', async (_, name) => {
    expect((await service.post(PLACE, { ...right, name }, ADMIN)).body).toEqual({
      statusCode: 409,
      message: 'Another API key has this name, or the name is reserved',
      error: 'Conflict',
      code: 'KEY_NAME_TAKEN',
      outcome: 'rejected',
      field: 'name',
    });
  });

  it('gives a name to one valid key only, also when many ask at once', async () => {
    const fields = { ...right, name: 'wanted' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => service.post(PLACE, fields, ADMIN)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    const { id } = answers.find(({ status }) => status === 201)!.body;
    await remove(service, id);
    expect((await service.post(PLACE, fields, ADMIN)).status).toBe(201);
  });

  it('a key gives only scopes that it has', async () => {
    const parent = await newKey(['keys:write', 'messages:read']);
    const fields = { name: 'child', scopes: ['messages:read', 'messages:send'] };
    const answer = await service.post(PLACE, fields, parent.headers);
    expect(answer.body).toEqual(missingScope('messages:send'));
    expect((await list('?limit=1000')).apiKeys.filter(({ name }) => name === 'child')).toEqual([]);
    const child = await newKey(['messages:read', 'keys:write'], { actor: 'ann (key admin)' }, parent.headers);
    expect(child.answer.body).toMatchObject({ actor: `ann (key admin) (key ${parent.name})` });
  });
});

describe('listing keys', () => {
  it('returns pages, newest first', async () => {
    for (let i = 0; i < 3; i++) await newKey(['account:read']);
    const whole = await list('?limit=1000');
    const ids = whole.apiKeys.map(({ id }) => Number(id));
    expect(ids).toEqual([...ids].sort((one, other) => other - one));
    expect(whole.before).toBeUndefined();
    const first = await list('?limit=2');
    const second = await list(`?limit=2&before=${first.before}`);
    expect([...first.apiKeys, ...second.apiKeys]).toEqual(whole.apiKeys.slice(0, 4));
    expect(await list('?before=1')).toEqual({ apiKeys: [] });
  });

  it.each(['?limit=0', '?limit=1001', '?before=x', '?before=1&before=2', '?all=true'])('rejects %s', async (query) => {
    expect((await service.get(PLACE + query, ADMIN)).status).toBe(400);
  });
});

describe('the end of a key', () => {
  it('a revoked key gets 401 in every instance within a second', async () => {
    const other = await startInstance({ DATABASE_URL: database.url, API_KEYS });
    const { id, name, headers } = await newKey(['account:read']);
    const ask = async (instance: Service) => (await instance.get('/v1/account', headers)).status;
    expect([await ask(service), await ask(other)]).toEqual([200, 200]);
    const begun = performance.now();
    const revoked = await remove(service, id);
    expect([revoked.status, revoked.body]).toEqual([200, expect.objectContaining({ id, name, revokedActor: 'admin' })]);
    expect(await ask(service)).toBe(401);
    await until(
      () => ask(other),
      (status) => status === 401,
    );
    // A second, as the spec of the cache measures, and the time of a slow machine.
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect((await other.get('/v1/account', headers)).body).toEqual(NO_KEY);

    expect((await remove(other, id, ADMIN)).body).toEqual(revoked.body);
    expect(await find(id)).toEqual(revoked.body);
  });

  it('a key that has expired gets 401, and keeps its name until it is revoked', async () => {
    const { id, name, headers } = await newKey(['account:read'], { expiresAt: '2099-01-31T09:00:00Z' });
    expect((await service.get('/v1/account', headers)).status).toBe(200);
    await sql(database.url, `update laaffic_service.api_key set expires_at = now() where id = ${id}`);
    await until(
      async () => (await service.get('/v1/account', headers)).status,
      (status) => status === 401,
    );
    expect((await service.post(PLACE, { name, scopes: ['account:read'] }, ADMIN)).status).toBe(409);
    await remove(service, id);
    expect((await service.post(PLACE, { name, scopes: ['account:read'] }, ADMIN)).status).toBe(201);
  });

  it('a key that revokes itself is gone at once', async () => {
    const { id, headers } = await newKey(['keys:write']);
    expect((await remove(service, id, headers)).status).toBe(200);
    expect((await service.get(PLACE, headers)).status).toBe(401);
  });

  it.each(['999999', '0', '-1', 'abc', '1e3', '9'.repeat(30), '%27', UUID])('there is no key %s', async (id) => {
    const { status, body } = await remove(service, id);
    expect([status, body]).toEqual([404, NOT_FOUND]);
  });

  it('a key of another account is unknown', async () => {
    const { id, headers } = await newKey(['account:read']);
    await sql(database.url, `update laaffic_service.api_key set account = 'other' where id = ${id}`);
    expect((await service.get('/v1/account', headers)).status).toBe(401);
    expect(await find(id)).toBeUndefined();
    expect((await remove(service, id)).status).toBe(404);
  });
});

it('the history names the key, and the person that the body names before it', async () => {
  const { name, headers } = await newKey(['messages:send', 'messages:read', 'account:resume']);
  const { headers: told } = await service.send({ ...MESSAGE, sendAt: '2099-01-31T09:00:00Z' }, headers);
  const place = told.get('location')!;
  await service.post(`${place}/cancel`, undefined, headers);
  const entries = (await service.get(`${place}/history`, headers)).text.trim().split('\n');
  expect(entries.map((line) => (JSON.parse(line) as { actor: string }).actor)).toEqual([name, name]);

  await sql(database.url, `update account set paused_code = 'X', paused_at = now(), paused_reason = 'x'`);
  expect((await service.post('/v1/account/resume', { actor: 'ann' }, headers)).body).toEqual({ wasPaused: true });
  const [resumed] = await sql(database.url, `select actor from history where event = 'account resumed'`);
  expect(resumed).toEqual({ actor: `ann (key ${name})` });
});

describe('the rate of a key', () => {
  it('admits a burst, and then responds 429 until the key may retry', async () => {
    const { headers } = await newKey(['account:read'], { requestsPerSecond: 0.01, burst: 2 });
    const ask = () => service.get('/v1/account', headers);
    const rateOf = ({ headers: told }: { headers: Headers }) => [told.get('ratelimit-policy'), told.get('ratelimit')];
    const [first, second] = [await ask(), await ask()];
    expect([first.status, ...rateOf(first)]).toEqual([200, '"key";q=2;w=200', '"key";r=1;t=100']);
    expect([second.status, ...rateOf(second)]).toEqual([200, '"key";q=2;w=200', '"key";r=0;t=200']);
    const third = await ask();
    expect([third.status, ...rateOf(third)]).toEqual([
      429,
      '"key";q=2;w=200',
      expect.stringMatching(/^"key";r=0;t=\d+$/),
    ]);
    const retryAfterSeconds = Number(third.headers.get('retry-after'));
    expect(retryAfterSeconds).toBeGreaterThan(30);
    expect(retryAfterSeconds).toBeLessThanOrEqual(100);
    expect(third.body).toEqual({
      statusCode: 429,
      message: 'The rate of this API key is used up',
      error: 'Too Many Requests',
      code: 'RATE_LIMITED',
      outcome: 'rejected',
      retryAfterSeconds,
    });
    const other = await newKey(['account:read'], { requestsPerSecond: 0.01, burst: 2 });
    expect((await service.get('/v1/account', other.headers)).status).toBe(200);
    expect(rateOf(await service.get('/v1/account', ADMIN))).toEqual([null, null]);
  });

  it('counts requests to routes of other scopes too', async () => {
    const { headers } = await newKey(['account:read'], { requestsPerSecond: 0.01 });
    expect((await service.get('/v1/messages', headers)).status).toBe(403);
    expect((await service.get('/v1/account', headers)).status).toBe(429);
  });

  it('holds for each instance', async () => {
    const { headers } = await newKey(['account:read'], { requestsPerSecond: 0.01 });
    const other = await startInstance({ DATABASE_URL: database.url, API_KEYS });
    expect((await service.get('/v1/account', headers)).status).toBe(200);
    expect((await service.get('/v1/account', headers)).status).toBe(429);
    expect((await other.get('/v1/account', headers)).status).toBe(200);
  });
});

describe('the last use of a key', () => {
  const usedAt = (id: string) => find(id).then((apiKey) => apiKey?.usedAt);
  const setUse = (id: string, before: string) =>
    sql(database.url, `update laaffic_service.api_key set used_at = now() - interval '${before}' where id = ${id}`);

  it('is recorded', async () => {
    const { id, headers } = await newKey(['account:read']);
    expect(await usedAt(id)).toBeUndefined();
    // A request with another scope is a use too.
    await service.get('/v1/messages', headers);
    expect(
      await until(
        () => usedAt(id),
        (at) => at !== undefined,
      ),
    ).toMatch(/^20.*Z$/);
  });

  it('is written at most once a minute, by all instances together', async () => {
    const { id, headers } = await newKey(['account:read']);
    await sql(
      database.url,
      `create table laaffic_service.write (id bigint);
       create function laaffic_service.count_write() returns trigger language plpgsql as
         $$ begin insert into laaffic_service.write values (new.id); return null; end $$;
       create trigger count_writes after update on laaffic_service.api_key for each row
         when (new.id = ${id}) execute function laaffic_service.count_write()`,
    );
    const writes = () => sql(database.url, 'select from laaffic_service.write').then(({ length }) => length);
    const env = { DATABASE_URL: database.url, API_KEYS };
    const instances = await Promise.all([startInstance(env), startInstance(env), startInstance(env)]);
    const useAll = () => Promise.all([service, ...instances].map((one) => one.get('/v1/account', headers)));
    await useAll();
    await until(writes, (count) => count > 0);
    // They end what they are writing.
    await Promise.all(instances.map((one) => one.close()));
    expect(await writes()).toBe(1);

    await setUse(id, '50 seconds');
    const before = await usedAt(id);
    const late = await startInstance(env);
    await late.get('/v1/account', headers);
    await late.close();
    expect(await usedAt(id)).toBe(before);

    await setUse(id, '61 seconds');
    const later = await startInstance(env);
    await later.get('/v1/account', headers);
    await until(
      () => usedAt(id),
      (at) => at! > before!,
    );
    await sql(
      database.url,
      'drop trigger count_writes on laaffic_service.api_key; drop function laaffic_service.count_write(); drop table laaffic_service.write',
    );
  });
});

describe('wrong keys', () => {
  let addresses = 0;
  const from = (address = `198.51.100.${++addresses}`) => ({ 'X-Forwarded-For': address });
  const wrong = () => ({
    Authorization: `Bearer laaffic_${randomBytes(32).toString('base64url')}`,
  });

  it('in the form of right ones are slowed down by address, and right keys of the address are not', async () => {
    const place = from();
    const { headers } = await newKey(['account:read']);
    const statuses: number[] = [];
    for (let i = 0; i < 10; i++) statuses.push((await service.get('/v1/account', { ...place, ...wrong() })).status);
    expect(statuses).toEqual(Array<number>(10).fill(401));
    const slow = service.get('/v1/account', { ...place, ...wrong() });
    expect((await service.get('/v1/account', { ...place, ...headers })).status).toBe(200);
    const { status, headers: told } = await slow;
    expect(status).toBe(429);
    expect(Number(told.get('retry-after'))).toBeGreaterThan(0);
    expect((await service.get('/v1/account', { ...from(), ...wrong() })).status).toBe(401);
  });

  it('do not keep right keys out, however many come', async () => {
    const place = from();
    const { headers } = await newKey(['account:read']);
    const many = Promise.all(
      Array.from({ length: 300 }, () =>
        service.get('/v1/account', { ...place, ...wrong() }).then(({ status }) => status),
      ),
    );
    const right = await Promise.all(
      Array.from({ length: 20 }, () => service.get('/v1/account', { ...place, ...headers })),
    );
    expect(right.map(({ status }) => status)).toEqual(Array<number>(20).fill(200));
    expect(new Set(await many)).toEqual(new Set([401, 429]));
  });

  it.each<[string, (key: string) => string]>([
    ['another end', (key) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['another case', (key) => key.toUpperCase()],
    ['no prefix', (key) => key.slice('laaffic_'.length)],
    ['more than a key', (key) => `${key}A`],
    ['its digest', (key) => createHash('sha256').update(key).digest('hex')],
    ['its digest in the form of a key', (key) => `laaffic_${createHash('sha256').update(key).digest('base64url')}`],
    ['its beginning', (key) => key.slice(0, 12)],
  ])('a key with %s is wrong', async (_, change) => {
    const { key, headers } = await newKey(['account:read']);
    expect((await service.get('/v1/account', headers)).status).toBe(200);
    const changed = { ...from(), Authorization: `Bearer ${change(key)}` };
    expect((await service.get('/v1/account', changed)).body).toEqual(NO_KEY);
  });
});

it('without the table, keys of the environment work, and the others get an error that says nothing about them', async () => {
  const { headers } = await newKey(['account:read']);
  await sql(database.url, 'alter table laaffic_service.api_key rename to away');
  const [ours, theirs] = [await service.get('/v1/account', ADMIN), await service.get('/v1/account', headers)];
  await sql(database.url, 'alter table laaffic_service.away rename to api_key');
  expect(ours.status).toBe(200);
  expect([theirs.status, theirs.body.code]).toEqual([500, 'OUTBOX_SCHEMA_MISSING']);
  await until(
    async () => (await service.get('/v1/account', headers)).status,
    (status) => status === 200,
  );
});

describe('without API_KEYS', () => {
  it('a local caller without a key may do everything, and one with a key what the key may', async () => {
    const local = await startInstance({ DATABASE_URL: database.url });
    const { key } = (await local.post(PLACE, { name: 'local', scopes: ['account:read'] }))
      .body as unknown as ApiKeyJson;
    const headers = { Authorization: `Bearer ${key}` };
    expect((await local.get('/v1/account', headers)).status).toBe(200);
    expect((await local.get('/v1/messages', headers)).body).toEqual(missingScope('messages:read'));
    expect((await local.get('/v1/messages', { Authorization: `Bearer ${key.slice(0, -1)}_` })).status).toBe(401);
    expect((await local.get('/v1/messages', { Authorization: 'Bearer something-else' })).status).toBe(200);
    expect((await local.get('/v1/messages')).status).toBe(200);
  });
});
