import { ValidationPipe, type INestApplication } from '@nestjs/common';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { SmsVerification } from 'nestjs-laaffic-verify';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';
import { errorBody, NO_STORE, OVER, PLATFORMS, Server, wrongFor } from './server.js';

const UNKNOWN = '7d0c4f3e-6f5b-4f7a-9d6e-0a1b2c3d4e5f';

let server: Server;
let app: INestApplication;
beforeAll(async () => {
  server = await Server.set();
});
afterAll(() => server.close());

const routes = LaafficVerifyHttpModule.register({
  ...{ caller: 'visitor', path: 'auth/phone', purposes: ['sign-up', 'sign-in'] },
  session: ({ headers }) => headers?.['x-visitor']?.toString(),
});

describe.each(PLATFORMS)('the routes for visitors, on %s,', (_, adapter) => {
  beforeAll(async () => {
    app = await server.start(adapter(), { imports: [routes] }, { trustProxy: 1 }, (created) => {
      created.setGlobalPrefix('api');
      // A pipe of the app changes nothing.
      created.useGlobalPipes(new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true }));
    });
  });

  const pending = (to: string, more: object = {}) => ({
    ...{ id: expect.any(String), status: 'pending', sent: true, to: `+447…${to.slice(-3)}`, country: 'GB', digits: 6 },
    ...{ expiresAt: expect.any(String), resendAt: expect.any(String), attemptsLeft: 5 },
    ...more,
  });
  const start = (to: string, headers: Record<string, string> = {}) =>
    server.post('/api/auth/phone', { to, purpose: 'sign-up' }, headers);

  it('start a verification, check a wrong and the right code, and approve once', async () => {
    const to = server.newNumber();
    const started = await server.post('/api/auth/phone?utm=x', { to, purpose: 'sign-up', locale: 'de', client: 'web' });
    const id = String(started.body['id']);
    expect(started).toEqual({
      status: 201,
      headers: { ...NO_STORE, location: `/api/auth/phone/${id}`, 'retry-after': expect.stringMatching(/^(29|30)$/) },
      body: pending(to),
    });
    const code = await server.codeOn(to);
    expect(await server.post(`/api/auth/phone/${id}/check`, { purpose: 'sign-up', code: wrongFor(code) })).toEqual({
      status: 422,
      headers: NO_STORE,
      body: errorBody(422, 'Unprocessable Entity', 'VERIFY_WRONG_CODE', 'The code is wrong', {
        ...{ field: 'code', attemptsLeft: 4 },
      }),
    });
    const check = { purpose: 'sign-up', code: `${code.slice(0, 3)} ${code.slice(3)}` };
    expect(await server.post(`/api/auth/phone/${id}/check`, check)).toEqual({
      status: 200,
      headers: NO_STORE,
      body: {
        ...{ status: 'approved', number: to, country: 'GB', purpose: 'sign-up', approvedAt: expect.any(String) },
        proof: expect.stringMatching(/^v1\./),
      },
    });
    expect(await server.post(`/api/auth/phone/${id}/check`, check)).toEqual({
      ...{ status: 410, headers: NO_STORE, body: OVER },
    });
  });

  it('go on with the open verification of a session', async () => {
    const to = server.newNumber();
    const first = await start(to, { 'x-visitor': 'v1' });
    const again = await start(to, { 'x-visitor': 'v1' });
    expect(again).toEqual({
      status: 200,
      headers: { ...NO_STORE, 'retry-after': expect.stringMatching(/^(29|30)$/) },
      body: pending(to, { id: first.body['id'], sent: false }),
    });
  });

  it('have no session if the function returns an empty one', async () => {
    const to = server.newNumber();
    expect(await start(to, { 'x-visitor': '' })).toMatchObject({ status: 201 });
    expect(await start(to, { 'x-visitor': '' })).toEqual({
      status: 429,
      headers: { ...NO_STORE, 'retry-after': expect.stringMatching(/^(29|30)$/) },
      body: errorBody(429, 'Too Many Requests', 'VERIFY_COOLDOWN', 'The last message to this number is too recent', {
        retryAfterSeconds: expect.any(Number),
      }),
    });
  });

  it('resend not before the pause is over', async () => {
    const { body } = await start(server.newNumber());
    expect(await server.post(`/api/auth/phone/${String(body['id'])}/resend`)).toEqual({
      status: 429,
      headers: { ...NO_STORE, 'retry-after': expect.stringMatching(/^(29|30)$/) },
      body: errorBody(429, 'Too Many Requests', 'VERIFY_COOLDOWN', 'The last message to this number is too recent', {
        retryAfterSeconds: expect.any(Number),
      }),
    });
  });

  it('cancel once', async () => {
    const { body } = await start(server.newNumber());
    const path = `/api/auth/phone/${String(body['id'])}/cancel`;
    expect(await server.post(path)).toEqual({
      ...{ status: 200, headers: NO_STORE, body: { id: body['id'], status: 'cancelled' } },
    });
    expect(await server.post(path, {})).toEqual({ status: 410, headers: NO_STORE, body: OVER });
  });

  it.each([UNKNOWN, 'x', '%00', '..%2f..%2fsecrets', encodeURIComponent("' or 1=1 --"), '🙂'.repeat(10)])(
    'say of the id %s what they say of every verification that is over',
    async (id) => {
      const path = `/api/auth/phone/${id}`;
      const answers = [
        await server.post(`${path}/check`, { purpose: 'sign-up', code: '123456' }),
        await server.post(`${path}/resend`, {}),
        await server.post(`${path}/cancel`),
      ];
      expect(answers).toEqual(answers.map(() => ({ status: 410, headers: NO_STORE, body: OVER })));
    },
  );

  it('leave verifications of other purposes alone', async () => {
    const to = server.newNumber();
    const { id } = await app.get(SmsVerification).start({ to, purpose: 'transfer' });
    const code = await server.codeOn(to);
    const path = `/api/auth/phone/${id}`;
    expect([
      (await server.post(`${path}/check`, { purpose: 'sign-up', code })).body,
      (await server.post(`${path}/check`, { purpose: 'transfer', code })).status,
      (await server.post(`${path}/resend`)).body,
      (await server.post(`${path}/cancel`)).body,
    ]).toEqual([OVER, 400, OVER, OVER]);
    expect(await app.get(SmsVerification).find(id)).toMatchObject({ state: 'pending', sends: 1, attemptsLeft: 5 });
  });

  const NUMBER = ['VERIFY_INVALID_NUMBER', 'to'] as const;
  it.each<[string, unknown, string, string, string | undefined]>([
    ['no number', { purpose: 'sign-up' }, ...NUMBER, undefined],
    ['no phone number', { to: 'hello', purpose: 'sign-up' }, ...NUMBER, undefined],
    ['a national number', { to: '07400 123456', purpose: 'sign-up' }, ...NUMBER, undefined],
    [
      'a country that there is not',
      { to: '07400 123456', country: 'ZZ', purpose: 'sign-up' },
      NUMBER[0],
      'country',
      undefined,
    ],
    [
      'another purpose',
      { purpose: 'transfer' },
      'VERIFY_INVALID_REQUEST',
      'purpose',
      'purpose is not one of the purposes of this app',
    ],
    [
      'a source',
      { source: { address: '1.2.3.4' } },
      'VERIFY_INVALID_REQUEST',
      'source',
      'source is not a field of this request',
    ],
    ['a session', { session: 's' }, 'VERIFY_INVALID_REQUEST', 'session', 'session is not a field of this request'],
    ['a tenant', { tenant: 't' }, 'VERIFY_INVALID_REQUEST', 'tenant', 'tenant is not a field of this request'],
    ['a decoy', { decoy: true }, 'VERIFY_INVALID_REQUEST', 'decoy', 'decoy is not a field of this request'],
    [
      'a method',
      { toString: { constructor: 'x' } },
      'VERIFY_INVALID_REQUEST',
      'toString',
      'toString is not a field of this request',
    ],
    ['a binding', { binding: {} }, 'VERIFY_INVALID_REQUEST', 'binding', 'binding is not a field of this request'],
    [
      'a field that hides the class',
      { constructor: { name: 'Object' } },
      'VERIFY_INVALID_REQUEST',
      'constructor',
      'constructor is not a field of this request',
    ],
    [
      'a huge field',
      { ['x'.repeat(5_000)]: 1 },
      'VERIFY_INVALID_REQUEST',
      'x'.repeat(32),
      `${'x'.repeat(32)} is not a field of this request`,
    ],
  ])('reject a start with %s, and send nothing', async (_case, change, code, field, message) => {
    const before = server.sandbox.messages.length;
    const isWhole = code === 'VERIFY_INVALID_NUMBER';
    const body = isWhole ? change : { to: server.newNumber(), purpose: 'sign-up', ...(change as object) };
    expect(await server.post('/api/auth/phone', body)).toEqual({
      status: 400,
      headers: NO_STORE,
      body: errorBody(400, 'Bad Request', code, (message ?? expect.stringMatching(`^${field} `)) as string, { field }),
    });
    expect(server.sandbox.messages).toHaveLength(before);
  });

  it.each<[string, unknown]>([
    ['a list', []],
    ['a text', 'to=1'],
    ['a number', 7],
  ])('reject a body that is %s', async (_case, body) => {
    expect(await server.post('/api/auth/phone', body)).toMatchObject({ status: 400 });
  });

  it.each([
    ['another country', '+4915112345678', 'VERIFY_COUNTRY', 'No codes are sent to numbers of this country'],
    ['a fixed line', '+442079460000', 'VERIFY_NUMBER_TYPE', 'No codes are sent to numbers of this type'],
  ])('reject a number of %s', async (_case, to, code, message) => {
    expect(await start(to)).toEqual({
      status: 422,
      headers: NO_STORE,
      body: errorBody(422, 'Unprocessable Entity', code, message, { field: 'to' }),
    });
  });

  it('reject a malformed code, which is no attempt', async () => {
    const { body } = await start(server.newNumber());
    const id = String(body['id']);
    const answers = [];
    for (const code of ['', '12345', '1234567', 'abcdef', 123_456])
      answers.push(await server.post(`/api/auth/phone/${id}/check`, { purpose: 'sign-up', code }));
    expect(answers.map(({ status, body: { code, field } }) => [status, code, field])).toEqual(
      answers.map(() => [400, 'VERIFY_MALFORMED_CODE', 'code']),
    );
    expect(await app.get(SmsVerification).find(id)).toMatchObject({ attemptsLeft: 5 });
  });

  it('do not have the routes of a backend', async () => {
    const { body } = await start(server.newNumber());
    const answers = [
      await server.ask('GET', `/api/auth/phone/${String(body['id'])}`),
      await server.post('/api/auth/phone/release', { number: server.newNumber() }),
      await server.post('/api/auth/phone/proofs/redeem', {}),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  });

  it('count what comes from one address, by the proxy in front of the app', async () => {
    await server.start(adapter(), { imports: [routes] }, { trustProxy: 1, send: { maxPerSource: 1 } });
    const from = async (address: string) => {
      const to = server.newNumber();
      const forwarded = { 'x-forwarded-for': `198.51.100.${Math.floor(Math.random() * 250)}, ${address}` };
      return (await server.post('/auth/phone', { to, purpose: 'sign-up' }, forwarded)).status;
    };
    const addresses = ['203.0.113.7', '203.0.113.7', '::ffff:203.0.113.7', '203.0.113.8'];
    const networks = ['2001:db8:0:1::1', '2001:db8:0:1:ffff::', '2001:db8:0:2::1'];
    const statuses = [];
    for (const address of [...addresses, ...networks]) statuses.push(await from(address));
    expect(statuses).toEqual([201, 429, 429, 201, 201, 429, 201]);
    // Without the proxy their address is unknown, and they do not share a limit.
    const unknown = [];
    for (let count = 0; count < 3; count++)
      unknown.push((await server.post('/auth/phone', { to: server.newNumber(), purpose: 'sign-up' })).status);
    expect(unknown).toEqual([201, 201, 201]);
  });

  it('are described to @nestjs/swagger', () => {
    const { paths, components } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
    expect(Object.keys(paths)).toEqual(
      ['', '/{id}/check', '/{id}/resend', '/{id}/cancel'].map((path) => `/api/auth/phone${path}`),
    );
    expect(Object.keys(components?.schemas ?? {})).toEqual(['StartVerificationCommand', 'CheckBody', 'ResendBody']);
    expect(components?.schemas?.['CheckBody']).toEqual({
      type: 'object',
      required: ['purpose', 'code'],
      properties: {
        purpose: { type: 'string', maxLength: 64, description: 'What the code is for.' },
        code: { type: 'string', description: 'The code, as the user entered it.', example: '123 456' },
      },
    });
  });
});
