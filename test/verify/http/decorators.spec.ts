import { Body, Controller, Get, Logger, Post, UseFilters, ValidationPipe, type INestApplication } from '@nestjs/common';
import { LaafficExceptionFilter } from 'nestjs-laaffic';
import {
  ClientSource,
  RequireVerification,
  SmsVerification,
  UseVerifyErrors,
  VerifiedNumber,
} from 'nestjs-laaffic-verify';
import { StartVerificationCommand } from 'nestjs-laaffic-verify/commands';
import { errorBody, JSON_HEADERS, PLATFORMS, Server } from './server.js';

const bindingOf = (body: unknown) => ({ amount: String((body as { amount?: unknown } | undefined)?.amount) });

@Controller('transfers')
class Transfers {
  @Post()
  @RequireVerification({ purpose: 'transfer', binding: ({ body }) => bindingOf(body) })
  create(@Body('amount') amount: string, @VerifiedNumber() number: string) {
    return { amount, number };
  }
}

@Controller('account')
@RequireVerification({ purpose: 'sign-in' })
class Account {
  @Get()
  show(@VerifiedNumber() number: string) {
    return { number };
  }

  @Get('settings')
  @RequireVerification({ purpose: 'settings' })
  settings(@VerifiedNumber() number: string) {
    return { number };
  }
}

@Controller()
@UseVerifyErrors({ VERIFY_COUNTRY: 403 })
class Others {
  constructor(private readonly verification: SmsVerification) {}

  @Get('unguarded')
  unguarded(@VerifiedNumber() number: string) {
    return { number };
  }

  @Get('source')
  source(@ClientSource() source: string | undefined) {
    return { source: source ?? null };
  }

  @Post('start')
  async start(@Body() command: StartVerificationCommand, @ClientSource() source: string | undefined) {
    const { sent } = await this.verification.start(command, { source });
    return { sent };
  }

  @Post('filtered')
  @UseFilters(LaafficExceptionFilter)
  filtered(@Body('to') to: string) {
    return this.verification.start({ to, purpose: 'sign-in' });
  }
}

let server: Server;
let app: INestApplication;
beforeAll(async () => {
  server = await Server.set();
});
afterAll(() => server.close());

const INVALID = {
  ...{ status: 403, headers: JSON_HEADERS },
  body: errorBody(403, 'Forbidden', 'VERIFY_INVALID_PROOF', 'The proof is not valid, or was used before'),
};

describe.each(PLATFORMS)('on %s', (_, adapter) => {
  const controllers = [Transfers, Account, Others];
  const pipe = new ValidationPipe({
    ...{ transform: true, whitelist: true, forbidNonWhitelisted: true, validateCustomDecorators: true },
  });
  beforeAll(async () => {
    app = await server.start(adapter(), { controllers }, { trustProxy: 2 }, (created) => {
      created.useGlobalPipes(pipe);
    });
  });

  async function prove(purpose: string, binding?: Record<string, string>) {
    const verification = app.get(SmsVerification);
    const to = server.newNumber();
    const { id } = await verification.start({ to, purpose, binding });
    const result = await verification.check({ id, purpose, binding, code: await server.codeOn(to) });
    return { to, header: { 'Verification-Proof': 'proof' in result ? result.proof : '' } };
  }

  it('@RequireVerification() lets a proof pass once, with its number', async () => {
    const { to, header } = await prove('transfer', { amount: '10.00 EUR' });
    const body = { amount: '10.00 EUR' };
    expect(await server.post('/transfers', { amount: '9000.00 EUR' }, header)).toEqual(INVALID);
    expect(await server.post('/transfers', body, header)).toEqual({
      ...{ status: 201, headers: JSON_HEADERS, body: { ...body, number: to } },
    });
    expect(await server.post('/transfers', body, header)).toEqual(INVALID);
  });

  it.each<[string, Record<string, string>]>([
    ['no proof', {}],
    ['an empty proof', { 'Verification-Proof': '' }],
    ['a text', { 'Verification-Proof': 'v1.abcdefgh.xyz' }],
    ['a huge text', { 'Verification-Proof': 'v1.abcdefgh.'.padEnd(8_000, 'x') }],
    ['a proof in the wrong header', { Authorization: 'v1.abcdefgh.xyz' }],
  ])('@RequireVerification() rejects %s', async (_case, header) => {
    expect(await server.post('/transfers', { amount: '10.00 EUR' }, header)).toEqual(INVALID);
    expect(await server.post('/transfers', undefined, header)).toEqual(INVALID);
  });

  it('@RequireVerification() rejects a proof for another purpose, and two proofs', async () => {
    const [one, other] = [await prove('sign-in'), await prove('sign-in')];
    expect(await server.post('/transfers', { amount: 'undefined' }, one.header)).toEqual(INVALID);
    const both = `${one.header['Verification-Proof']}, ${other.header['Verification-Proof']}`;
    expect(await server.ask('GET', '/account', undefined, { 'Verification-Proof': both })).toEqual(INVALID);
  });

  it('@RequireVerification() on a class is for its methods, unless they have their own', async () => {
    const [account, settings] = [await prove('sign-in'), await prove('settings')];
    expect(await server.ask('GET', '/account/settings', undefined, account.header)).toEqual(INVALID);
    expect((await server.ask('GET', '/account', undefined, account.header)).body).toEqual({ number: account.to });
    expect((await server.ask('GET', '/account/settings', undefined, settings.header)).body).toEqual({
      number: settings.to,
    });
  });

  it('@VerifiedNumber() names the route that has no @RequireVerification()', async () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const logged: unknown[] = [];
    app.useLogger({ log: () => undefined, warn: () => undefined, error: (...args: unknown[]) => logged.push(...args) });
    expect(await server.ask('GET', '/unguarded')).toMatchObject({ status: 500 });
    const texts = [...logged, ...error.mock.calls.flat()].map((each) => String(each));
    app.useLogger(false);
    error.mockRestore();
    expect(texts.join('\n')).toContain(
      '@VerifiedNumber() needs @RequireVerification() on Others.unguarded or its class',
    );
  });

  it.each<[string, string | undefined, string | null]>([
    ['two proxies', '203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['a forged entry', '192.0.2.66, 203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['a mapped address', '::ffff:203.0.113.7, 10.0.0.1', '203.0.113.7'],
    ['an address with a port', '[2001:db8::1]:4711, 10.0.0.1', '2001:db8::1'],
    ['one proxy', '203.0.113.7', null],
    ['no proxy', undefined, null],
    ['an entry that is no address', 'unknown, 10.0.0.1', null],
    ['an empty entry', ' , 10.0.0.1', null],
  ])('@ClientSource() behind two proxies, with %s', async (_case, forwarded, source) => {
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
    expect((await server.ask('GET', '/source', undefined, headers)).body).toEqual({ source });
  });

  it('@ClientSource() without proxies ignores the header', async () => {
    await server.start(adapter(), { controllers });
    const headers = { 'x-forwarded-for': '203.0.113.7' };
    expect((await server.ask('GET', '/source', undefined, headers)).body).toEqual({ source: '127.0.0.1' });
    app = await server.start(adapter(), { controllers }, { trustProxy: 2 }, (created) => {
      created.useGlobalPipes(pipe);
    });
  });

  it('a command starts a verification, and the pipe of the app rejects other fields', async () => {
    const body = { to: server.newNumber(), purpose: 'sign-in' };
    expect(await server.post('/start', body)).toEqual({ status: 201, headers: JSON_HEADERS, body: { sent: true } });
    expect(await server.post('/start', { ...body, tenant: 'x' })).toMatchObject({
      ...{ status: 400, body: { message: ['property tenant should not exist'] } },
    });
  });

  it('@UseVerifyErrors() responds with the status of the app, and the filter of the core with its own', async () => {
    const to = '+4915112345678';
    const message = 'No codes are sent to numbers of this country';
    expect(await server.post('/start', { to, purpose: 'sign-in' })).toEqual({
      ...{ status: 403, headers: JSON_HEADERS },
      body: errorBody(403, 'Forbidden', 'VERIFY_COUNTRY', message, { field: 'to' }),
    });
    expect(await server.post('/filtered', { to })).toEqual({
      ...{ status: 422, headers: JSON_HEADERS },
      body: errorBody(422, 'Unprocessable Entity', 'VERIFY_COUNTRY', message, { field: 'to' }),
    });
  });
});

it('@RequireVerification() with an impossible purpose is an error at once', () => {
  expect(() => RequireVerification({ purpose: '' })).toThrow(
    'Invalid options of @RequireVerification(): purpose must be 1 to 64 letters, digits, hyphens, underscores, dots or colons',
  );
});

it('an app whose database is away responds with 503', async () => {
  const apart = await Server.set();
  await apart.start(PLATFORMS[0]![1](), { controllers: [Others] });
  await apart.database.close();
  expect(await apart.post('/start', { to: apart.newNumber(), purpose: 'sign-in' })).toEqual({
    ...{ status: 503, headers: JSON_HEADERS },
    body: {
      ...errorBody(503, 'Service Unavailable', 'OUTBOX_DATABASE_UNAVAILABLE', 'The message store is not available'),
      outcome: expect.stringMatching(/^(rejected|unknown)$/),
    },
  });
  await apart.stop();
  await apart.sandbox.close();
});
