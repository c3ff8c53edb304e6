import { Controller, Get, Inject, Injectable, Module, type DynamicModule, type INestApplication } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { HealthCheck, HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { LaafficModule, LaafficOptionsError, SmsService } from 'nestjs-laaffic';
import {
  InjectLaafficHealth,
  LaafficHealthIndicator,
  LaafficHealthModule,
  type LaafficHealthOptions,
} from 'nestjs-laaffic/health';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';
import { ACCOUNT, failureOf } from '../module/account.js';
import { balanceGateway } from './gateway.js';
import { monotonicClock } from './monotonic-clock.js';

@Controller()
class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(LaafficHealthIndicator) private readonly laaffic: LaafficHealthIndicator,
  ) {}

  @Get('health')
  @HealthCheck()
  check() {
    return this.health.check([() => this.laaffic.isHealthy()]);
  }
}

let gateway: Awaited<ReturnType<typeof balanceGateway>>;
let app: INestApplication | undefined;

beforeEach(async () => {
  gateway = await balanceGateway();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await app?.close();
  app = undefined;
  await gateway.close();
});

/** An app as its users have it: the account and the indicator registered side by side. */
async function serve(options: LaafficHealthOptions = {}, baseUrl = gateway.url) {
  const queryRetry = { retries: 0 };
  const testing = await Test.createTestingModule({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl, queryRetry }),
      TerminusModule.forRoot({ logger: false }),
      LaafficHealthModule.forRoot(options),
    ],
    controllers: [HealthController],
  }).compile();
  const served = testing.createNestApplication({ logger: false });
  app = served;
  await served.listen(0, '127.0.0.1');
  const url = `${await served.getUrl()}/health`;
  return async () => {
    const answer = await fetch(url);
    const body = (await answer.json()) as { status: string; details: Record<string, unknown> };
    return { http: answer.status, status: body.status, details: body.details, text: JSON.stringify(body) };
  };
}

describe('an account is up', () => {
  it.each([[{}], [{ minBalance: '99.99' }], [{ minBalance: '0' }]])('with %j', async (options) => {
    const probe = await serve(options);
    expect(await probe()).toMatchObject({
      http: 200,
      status: 'ok',
      details: { laaffic: { status: 'up', balance: '99.990000', clockOffsetSeconds: expect.closeTo(0, -1) } },
    });
  });
});

describe('an account is down, with 503 and an advice,', () => {
  const down = (entry: object) => ({ http: 503, status: 'error', details: { laaffic: { status: 'down', ...entry } } });

  it('without enough money', async () => {
    const probe = await serve({ minBalance: '99.990001' });
    expect(await probe()).toMatchObject(
      down({
        code: 'LAAFFIC_HEALTH_LOW_BALANCE',
        message: 'The balance of the SMS account is below the minimum',
        advice: "Top up the account's balance.",
        balance: '99.990000',
        minBalance: '99.990001',
        clockOffsetSeconds: expect.closeTo(0, -1),
      }),
    );
  });

  it.each([3600, -3600])('with a clock that is %i s from the platform', async (clockSkew) => {
    gateway.clockSkew = clockSkew;
    const probe = await serve();
    const { details, ...rest } = await probe();
    expect({ ...rest, details }).toMatchObject(
      down({
        code: 'LAAFFIC_HEALTH_CLOCK_OFFSET',
        advice: "Set this machine's clock.",
        maxClockOffsetSeconds: 300,
      }),
    );
    const { clockOffsetSeconds } = details['laaffic'] as { clockOffsetSeconds: number };
    expect(Math.abs(clockOffsetSeconds - clockSkew)).toBeLessThanOrEqual(2);
  });

  it.each([
    ['told to be over', true],
    ['not told any more', false],
  ])('until its clock is right again: %s', async (_, tellsTime) => {
    gateway.clockSkew = 1_000;
    const clock = monotonicClock(1_000);
    const probe = await serve({ cacheTtlMs: 60 });
    expect(await probe()).toMatchObject({ http: 503 });
    [gateway.clockSkew, gateway.tellsTime] = [0, tellsTime];
    clock.now += 60;
    expect(await probe()).toMatchObject({
      http: 200,
      details: { laaffic: { status: 'up', clockOffsetSeconds: expect.closeTo(0, -1) } },
    });
  });

  it('but not with a clock within the limit', async () => {
    gateway.clockSkew = 3600;
    const probe = await serve({ maxClockOffsetSeconds: 4000 });
    expect(await probe()).toMatchObject({ http: 200 });
  });

  it.each([
    [-1, 'LAAFFIC_AUTHENTICATION_FAILED', 'Check apiKey and apiSecret, and that appId belongs to them.'],
    [-13, 'LAAFFIC_USER_LOCKED', 'The account is locked: contact the vendor.'],
    [-31, 'LAAFFIC_IP_NOT_WHITELISTED', "Add this machine's public IP address to the API key's whitelist."],
    [-18, 'LAAFFIC_GATEWAY_FAULT', 'Check baseUrl and the connection to the platform. If it lasts, ask the vendor.'],
  ])('with status %i', async (status, code, advice) => {
    gateway.answer = { status: String(status), reason: `no: ${ACCOUNT.apiKey} ${ACCOUNT.apiSecret} 91856321412` };
    const probe = await serve();
    const answer = await probe();
    expect(answer).toMatchObject(down({ code, advice }));
    for (const secret of [...Object.values(ACCOUNT), '91856321412']) expect(answer.text).not.toContain(secret);
  });

  it("with a response that is not the platform's", async () => {
    gateway.answer = [];
    const probe = await serve();
    expect(await probe()).toMatchObject(
      down({
        code: 'LAAFFIC_UNREADABLE_RESPONSE',
        advice: 'Check baseUrl and the connection to the platform. If it lasts, ask the vendor.',
      }),
    );
  });

  it('without a connection', async () => {
    const closed = await balanceGateway();
    await closed.close();
    const probe = await serve({}, closed.url);
    expect(await probe()).toMatchObject(
      down({ code: 'LAAFFIC_NOT_CONNECTED', message: 'The SMS gateway could not be reached' }),
    );
  });
});

describe('a result is cached', () => {
  it.each([
    ['good', 200],
    ['bad', 503],
  ])('for a while: a %s one', async (kind, http) => {
    if (kind === 'bad') gateway.answer = { status: '-13', reason: 'user locked' };
    const clock = monotonicClock(1_000);
    const probe = await serve({ cacheTtlMs: 60 });
    expect((await probe()).http).toBe(http);
    gateway.answer = { status: '0', reason: 'success', balance: '1' };
    clock.now += 59;
    expect((await probe()).http).toBe(http);
    expect(gateway.requests).toBe(1);
    clock.now += 1;
    expect(await probe()).toMatchObject({ http: 200, details: { laaffic: { balance: '1' } } });
    expect(gateway.requests).toBe(2);
  });

  it('and shared by probes at the same time', async () => {
    const probe = await serve();
    const answers = await Promise.all(Array.from({ length: 20 }, probe));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(gateway.requests).toBe(1);
  });

  it('but not if it is a mistake of the program', async () => {
    const testing = await Test.createTestingModule({ imports: [LaafficHealthModule.forRoot()] }).compile();
    const indicator = testing.get(LaafficHealthIndicator);
    for (let times = 0; times < 2; times++) {
      await expect(indicator.isHealthy()).rejects.toThrow(/could not find SmsService/);
    }
    await testing.close();
  });
});

describe('LaafficHealthModule', () => {
  it('accepts options from a factory, and a name for the entry', async () => {
    @Injectable()
    class Settings {
      readonly minBalance = '100';
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const testing = await Test.createTestingModule({
      imports: [
        LaafficTestingModule.forRoot(),
        LaafficHealthModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: ({ minBalance }: Settings) => ({ minBalance }),
        }),
      ],
    }).compile();
    expect(await testing.get(LaafficHealthIndicator).isHealthy('sms')).toMatchObject({ sms: { status: 'down' } });
    await testing.close();
  });

  it('provides an indicator for each account, and a named one under its token only', async () => {
    @Injectable()
    class Probes {
      constructor(
        @Inject(LaafficHealthIndicator) readonly otp: LaafficHealthIndicator,
        @InjectLaafficHealth('marketing') readonly marketing: LaafficHealthIndicator,
      ) {}
    }
    const imports = (account?: string): DynamicModule[] => [
      LaafficTestingModule.forRoot({ account }),
      LaafficHealthModule.forRoot({ account, minBalance: '10' }),
    ];
    const testing = await Test.createTestingModule({
      imports: [...imports(), ...imports('marketing')],
      providers: [Probes],
    }).compile();
    testing.get<FakeSmsService>(SmsService).setBalance('9.99');
    const { otp, marketing } = testing.get(Probes);
    expect(await otp.isHealthy()).toMatchObject({ laaffic: { status: 'down', balance: '9.99' } });
    expect(await marketing.isHealthy('marketing')).toMatchObject({ marketing: { status: 'up', balance: '99.990000' } });
    await testing.close();

    const named = await Test.createTestingModule({ imports: imports('marketing') }).compile();
    expect(() => named.get(LaafficHealthIndicator)).toThrow(/could not find LaafficHealthIndicator/);
    await named.close();
  });

  it('requests the balance with its own time limit', async () => {
    const timeouts: (number | undefined)[] = [];
    class Watched extends FakeSmsService {
      override async getBalance(options: { timeoutMs?: number | undefined } = {}) {
        timeouts.push(options.timeoutMs);
        return super.getBalance(options);
      }
    }
    const testing = await Test.createTestingModule({
      imports: [LaafficTestingModule.forRoot(), LaafficHealthModule.forRoot({ timeoutMs: 700, cacheTtlMs: 1 })],
    })
      .overrideProvider(SmsService)
      .useValue(new Watched())
      .compile();
    await testing.get(LaafficHealthIndicator).isHealthy();
    expect(timeouts).toEqual([700]);
    await testing.close();
  });

  it('rejects wrong options at boot, with each field', async () => {
    const wrong: object = {
      minBalance: '1,50',
      maxClockOffsetSeconds: 0,
      cacheTtlMs: -1,
      timeoutMs: 0.5,
      cachedFor: 1,
    };
    const error = await failureOf(
      Test.createTestingModule({ imports: [LaafficHealthModule.forRoot(wrong)] }).compile(),
    );
    expect(error).toBeInstanceOf(LaafficOptionsError);
    expect((error as LaafficOptionsError).problems).toEqual([
      "health.minBalance must be a decimal as text, such as '25.50'",
      'health.maxClockOffsetSeconds must be a whole number from 1 to 2147483647',
      'health.cacheTtlMs must be a whole number from 1 to 2147483647',
      'health.timeoutMs must be a whole number from 1 to 2147483647',
      'health.cachedFor is not an option; known options: minBalance, maxClockOffsetSeconds, cacheTtlMs, timeoutMs',
    ]);
  });
});
