import { Injectable, Module, type CanActivate, type ExecutionContext, type INestApplication } from '@nestjs/common';
import { SmsVerification } from 'nestjs-laaffic-verify';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';
import { failureOf } from '../../module/account.js';
import { errorBody, NO_STORE, OVER, PLATFORMS, Server, wrongFor } from './server.js';

const UNKNOWN = '7d0c4f3e-6f5b-4f7a-9d6e-0a1b2c3d4e5f';
const KEY = { 'x-api-key': 'key of the backend' };

@Injectable()
class ApiKeys {
  has(key: unknown): boolean {
    return key === KEY['x-api-key'];
  }
}

@Module({ providers: [ApiKeys], exports: [ApiKeys] })
class ApiKeysModule {}

@Injectable()
class ApiKeyGuard implements CanActivate {
  constructor(private readonly keys: ApiKeys) {}

  canActivate(context: ExecutionContext): boolean {
    return this.keys.has(context.switchToHttp().getRequest<Request>().headers['x-api-key' as keyof Headers]);
  }
}

let server: Server;
let app: INestApplication;
beforeAll(async () => {
  server = await Server.set();
});
afterAll(() => server.close());

const routes = LaafficVerifyHttpModule.register({
  ...{ caller: 'backend', guards: [ApiKeyGuard], imports: [ApiKeysModule] },
});

describe.each(PLATFORMS)('the routes for a backend, on %s,', (_, adapter) => {
  beforeAll(async () => {
    app = await server.start(adapter(), { imports: [routes] }, { send: { cooldownsMs: [0, 60_000], maxPerSource: 1 } });
  });

  const post = (path: string, body?: unknown) => server.post(`/verifications${path}`, body, KEY);
  const get = (path: string) => server.ask('GET', `/verifications${path}`, undefined, KEY);

  it('are closed for callers that no guard lets in', async () => {
    const answers = [
      await server.post('/verifications', { to: server.newNumber(), purpose: 'sign-in' }),
      await server.ask('GET', `/verifications/${UNKNOWN}`),
      await server.post(`/verifications/${UNKNOWN}/check`, { purpose: 'sign-in', code: '123456' }),
      await server.post(`/verifications/${UNKNOWN}/resend`),
      await server.post(`/verifications/${UNKNOWN}/cancel`),
      await server.post('/verifications/proofs/redeem', {}),
      await server.post('/verifications/release', {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 403));
  });

  it('verify a bound number of a tenant, and redeem its proof once', async () => {
    const to = server.newNumber();
    const binding = { amount: '10.00 EUR', payee: 'ACME' };
    const source = { address: server.newNumber(), userAgent: 'Mozilla/5.0' };
    const body = { to, purpose: 'transfer', binding, tenant: 'shop', session: 's_81', source, locale: 'en' };
    const started = await post('', body);
    const id = String(started.body['id']);
    expect(started).toEqual({
      status: 201,
      // The pause after the first message is 0 here.
      headers: { ...NO_STORE, location: `/verifications/${id}` },
      body: {
        ...{ id, status: 'pending', sent: true, to: `+447…${to.slice(-3)}`, country: 'GB', digits: 6 },
        ...{ expiresAt: expect.any(String), resendAt: expect.any(String), attemptsLeft: 5 },
      },
    });
    const code = await server.codeOn(to);
    expect(server.sandbox.messages.find(({ number }) => `+${number}` === to)?.content).toContain('10.00 EUR');
    const shown = {
      ...{ id, purpose: 'transfer', country: 'GB', state: 'pending', sends: 1, attemptsLeft: 5 },
      ...{ createdAt: expect.any(String), expiresAt: expect.any(String) },
    };
    expect(await get(`/${id}?tenant=shop`)).toEqual({ status: 200, headers: NO_STORE, body: shown });

    const check = { purpose: 'transfer', tenant: 'shop', binding, source };
    const other = { ...binding, amount: '1000.00 EUR' };
    expect((await post(`/${id}/check`, { ...check, code, binding: other })).body).toEqual(
      errorBody(422, 'Unprocessable Entity', 'VERIFY_WRONG_CODE', 'The code is wrong', {
        ...{ field: 'code', attemptsLeft: 4 },
      }),
    );
    expect((await post(`/${id}/check`, { ...check, code, tenant: 'other' })).body).toEqual(OVER);
    const approved = await post(`/${id}/check`, { ...check, code });
    expect(approved).toEqual({
      status: 200,
      headers: NO_STORE,
      body: {
        ...{ status: 'approved', number: to, country: 'GB', purpose: 'transfer', approvedAt: expect.any(String) },
        proof: expect.stringMatching(/^v1\./),
      },
    });

    const redeem = { proof: approved.body['proof'], purpose: 'transfer', binding };
    const gone = {
      ...{ status: 410, headers: NO_STORE },
      body: errorBody(410, 'Gone', 'VERIFY_INVALID_PROOF', 'The proof is not valid, or was used before'),
    };
    expect(await post('/proofs/redeem', { ...redeem, binding: other })).toEqual(gone);
    expect(await post('/proofs/redeem', redeem)).toEqual({
      status: 200,
      headers: NO_STORE,
      body: { id, purpose: 'transfer', number: to, country: 'GB', approvedAt: approved.body['approvedAt'] },
    });
    expect(await post('/proofs/redeem', redeem)).toEqual(gone);
    expect((await get(`/${id}?tenant=shop`)).body).toEqual({
      ...{ ...shown, state: 'approved', attemptsLeft: 3, approvedAt: approved.body['approvedAt'] },
    });
  });

  it('go on with the open verification of a session, send again, and cancel', async () => {
    const to = server.newNumber();
    const body = { to, purpose: 'sign-in', session: 's' };
    const { body: first } = await post('', body);
    const id = String(first['id']);
    const resent = await post(`/${id}/resend`, { locale: 'de' });
    expect(resent).toEqual({
      status: 200,
      headers: { ...NO_STORE, 'retry-after': expect.stringMatching(/^(59|60)$/) },
      body: { ...first, sent: true, resendAt: expect.any(String), expiresAt: expect.any(String) },
    });
    const [one, again] = [await server.codeOn(to), await server.codeOn(to, 2)];
    expect(again).toBe(one);
    expect(await post('', body)).toMatchObject({ status: 200, body: { id, sent: false } });
    expect(await post(`/${id}/cancel`, { tenant: 'other' })).toMatchObject({ status: 410, body: OVER });
    expect(await post(`/${id}/cancel`)).toEqual({ status: 200, headers: NO_STORE, body: { id, status: 'cancelled' } });
    expect(await post(`/${id}/resend`)).toMatchObject({ status: 410, body: OVER });
  });

  it.each([UNKNOWN, 'x', '%00'])('do not find the id %s', async (id) => {
    expect(await get(`/${id}`)).toEqual({
      ...{ status: 404, headers: NO_STORE },
      body: errorBody(404, 'Not Found', 'VERIFY_OVER', 'This verification is over'),
    });
  });

  it('count the address of the user that the backend names', async () => {
    const address = '203.0.113.7';
    const start = (more: object) => post('', { to: server.newNumber(), purpose: 'sign-in', ...more });
    const answers = [await start({ source: { address } }), await start({ source: { address } }), await start({})];
    expect(answers.map(({ status }) => status)).toEqual([201, 429, 201]);
  });

  it('lift the lock of a number', async () => {
    const to = server.newNumber();
    await app.get(SmsVerification).start({ to, purpose: 'sign-in' });
    expect(await post('/release', { number: to })).toEqual({
      status: 200,
      headers: NO_STORE,
      body: { released: true },
    });
    expect((await post('/release', { number: server.newNumber() })).body).toEqual({ released: false });
    expect(await post('/release', { number: '12' })).toMatchObject({
      ...{ status: 400, body: { code: 'VERIFY_INVALID_NUMBER', field: 'number' } },
    });
  });

  it('count wrong codes until none are left', async () => {
    const to = server.newNumber();
    const { body } = await post('', { to, purpose: 'sign-in' });
    const code = wrongFor(await server.codeOn(to));
    const answers = [];
    for (let count = 0; count < 6; count++)
      answers.push((await post(`/${String(body['id'])}/check`, { purpose: 'sign-in', code })).body);
    expect(answers.map(({ code: of, attemptsLeft }) => [of, attemptsLeft])).toEqual([
      ...[4, 3, 2, 1, 0].map((left) => ['VERIFY_WRONG_CODE', left]),
      ['VERIFY_OVER', undefined],
    ]);
  });

  it.each<[string, object, string, string]>([
    ['a source that is a text', { source: '203.0.113.7' }, 'source', 'must be an object { address, userAgent }'],
    ['a source without address', { source: {} }, 'source', 'must have an address of 1 to 255 characters'],
    [
      'a source with more',
      { source: { address: 'a', ip: 'b' } },
      'source',
      'must have no other fields than address and userAgent',
    ],
    ['an empty session', { session: '' }, 'session', 'must be text of 1 to 1000 characters'],
    ['a huge session', { session: 's'.repeat(1_001) }, 'session', 'must be text of 1 to 1000 characters'],
    ['a tenant of two lines', { tenant: 'a\nb' }, 'tenant', 'must be at most 255 characters on one line'],
    [
      'a binding that is a list',
      { binding: ['a'] },
      'binding',
      'must be an object with at most 10 fields, all of them text',
    ],
    [
      'a binding of numbers',
      { binding: { amount: 10 } },
      'binding',
      'must be an object with at most 10 fields, all of them text',
    ],
    ['an unknown field', { transaction: {} }, 'transaction', 'is not a field of this request'],
  ])('reject %s', async (_case, more, field, problem) => {
    expect(await post('', { to: server.newNumber(), purpose: 'sign-in', ...more })).toEqual({
      status: 400,
      headers: NO_STORE,
      body: errorBody(400, 'Bad Request', 'VERIFY_INVALID_REQUEST', `${field} ${problem}`, { field }),
    });
  });

  it('keep a binding whole, whatever its fields are called', async () => {
    const to = server.newNumber();
    const binding = { constructor: 'a', toString: 'b' };
    const { body } = await post('', { to, purpose: 'transfer', binding });
    expect(body).toMatchObject({ status: 'pending' });
    const check = { id: String(body['id']), purpose: 'transfer', code: await server.codeOn(to) };
    expect(await app.get(SmsVerification).check({ ...check, binding: { ...binding } })).toMatchObject({
      status: 'approved',
    });
  });
});

it('do not exist without a guard', async () => {
  const register = async () => LaafficVerifyHttpModule.register({ caller: 'backend', guards: [] });
  expect(await failureOf(register())).toMatchObject({
    name: 'VerificationOptionsError',
    problems: ['guards must have at least one guard: a caller can send messages and read numbers'],
  });
});
