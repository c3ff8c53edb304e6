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
  await app?.close();
  app = undefined;
  await gateway.close();
});

/** An app as its users have it: the account and the indicator registered side by side. */
async function serve(options: LaafficHealthOptions = {}, baseUrl = gateway.url) {
  const queries = { retries: 0 };
  const testing = await Test.createTestingModule({
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl, queries }),
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
  it.each([[{}], [{ minimumBalance: '99.99' }], [{ minimumBalance: '0' }]])('with %j', async (options) => {
    const probe = await serve(options);
    expect(await probe()).toMatchObject({
      http: 200,
      status: 'ok',
      details: { laaffic: { status: 'up', balance: '99.990000', clockOffsetSeconds: expect.closeTo(0, -1) } },
    });
  });
});

describe('an account is down, and is told with 503 what to do', () => {
  const down = (entry: object) => ({ http: 503, status: 'error', details: { laaffic: { status: 'down', ...entry } } });

  it('without enough money', async () => {
    const probe = await serve({ minimumBalance: '99.990001' });
    expect(await probe()).toMatchObject(
      down({
        code: 'LAAFFIC_HEALTH_LOW_BALANCE',
        message: 'The balance of the SMS account is below the minimum',
        advice: "Top up the account's balance.",
        balance: '99.990000',
        minimumBalance: '99.990001',
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
        maximumClockOffsetSeconds: 300,
      }),
    );
    const { clockOffsetSeconds } = details['laaffic'] as { clockOffsetSeconds: number };
    expect(Math.abs(clockOffsetSeconds - clockSkew)).toBeLessThanOrEqual(2);
  });

  it.each([
    ['told to be over', true],
    ['not told any more', false],
  ])('not any more with an offset that is %s', async (_, tellsTime) => {
    gateway.clockSkew = 1_000;
    let now = 1_000;
    const probe = await serve({ cacheFor: 60, now: () => now });
    expect(await probe()).toMatchObject({ http: 503 });
    [gateway.clockSkew, gateway.tellsTime] = [0, tellsTime];
    now += 60;
    expect(await probe()).toMatchObject({
      http: 200,
      details: { laaffic: { status: 'up', clockOffsetSeconds: expect.closeTo(0, -1) } },
    });
  });

  it('not with a clock within the limit', async () => {
    gateway.clockSkew = 3600;
    const probe = await serve({ maximumClockOffset: 4000 });
    expect(await probe()).toMatchObject({ http: 200 });
  });

  it.each([
    [-1, 'LAAFFIC_AUTHENTICATION_FAILED', 'Check apiKey and apiSecret, and that appId belongs to them.'],
    [-13, 'LAAFFIC_USER_LOCKED', 'The account is locked: contact the vendor.'],
    [-31, 'LAAFFIC_IP_NOT_WHITELISTED', "Add this machine's public IP address to the API key's whitelist."],
    [-18, 'LAAFFIC_GATEWAY_FAULT', 'Check baseUrl and the way to the platform; if it lasts, ask the vendor.'],
  ])('with status %i', async (status, code, advice) => {
    gateway.answer = { status: String(status), reason: `no: ${ACCOUNT.apiKey} ${ACCOUNT.apiSecret} 91856321412` };
    const probe = await serve();
    const answer = await probe();
    expect(answer).toMatchObject(down({ code, advice }));
    for (const secret of [...Object.values(ACCOUNT), '91856321412']) expect(answer.text).not.toContain(secret);
  });

  it('with an answer that is none of the platform', async () => {
    gateway.answer = [];
    const probe = await serve();
    expect(await probe()).toMatchObject(
      down({
        code: 'LAAFFIC_UNREADABLE_ANSWER',
        advice: 'Check baseUrl and the way to the platform; if it lasts, ask the vendor.',
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

describe('an answer is kept', () => {
  it.each([
    ['good', 200],
    ['bad', 503],
  ])('for a while: a %s one', async (kind, http) => {
    if (kind === 'bad') gateway.answer = { status: '-13', reason: 'user locked' };
    let now = 1000;
    const probe = await serve({ cacheFor: 60, now: () => now });
    expect((await probe()).http).toBe(http);
    gateway.answer = { status: '0', reason: 'success', balance: '1' };
    now += 59;
    expect((await probe()).http).toBe(http);
    expect(gateway.requests).toBe(1);
    now += 1;
    expect(await probe()).toMatchObject({ http: 200, details: { laaffic: { balance: '1' } } });
    expect(gateway.requests).toBe(2);
  });

  it('and shared by those who ask at once', async () => {
    const probe = await serve();
    const answers = await Promise.all(Array.from({ length: 20 }, probe));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(gateway.requests).toBe(1);
  });

  it('but not a mistake of the program', async () => {
    const testing = await Test.createTestingModule({ imports: [LaafficHealthModule.forRoot()] }).compile();
    const indicator = testing.get(LaafficHealthIndicator);
    for (let times = 0; times < 2; times++) {
      await expect(indicator.isHealthy()).rejects.toThrow(/could not find SmsService/);
    }
    await testing.close();
  });
});

describe('LaafficHealthModule', () => {
  it('takes options from a factory, and names the entry as it is asked to', async () => {
    @Injectable()
    class Settings {
      readonly minimumBalance = '100';
    }
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const testing = await Test.createTestingModule({
      imports: [
        LaafficTestingModule.forRoot(),
        LaafficHealthModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: ({ minimumBalance }: Settings) => ({ minimumBalance }),
        }),
      ],
    }).compile();
    expect(await testing.get(LaafficHealthIndicator).isHealthy('sms')).toMatchObject({ sms: { status: 'down' } });
    await testing.close();
  });

  it('has an indicator for each account, and none under the class for named ones', async () => {
    @Injectable()
    class Probes {
      constructor(
        @Inject(LaafficHealthIndicator) readonly otp: LaafficHealthIndicator,
        @InjectLaafficHealth('marketing') readonly marketing: LaafficHealthIndicator,
      ) {}
    }
    const imports = (name?: string): DynamicModule[] => [
      LaafficTestingModule.forRoot({ name }),
      LaafficHealthModule.forRoot({ name, minimumBalance: '10' }),
    ];
    const testing = await Test.createTestingModule({
      imports: [...imports(), ...imports('marketing')],
      providers: [Probes],
    }).compile();
    testing.get<FakeSmsService>(SmsService).balanceIs('9.99');
    const { otp, marketing } = testing.get(Probes);
    expect(await otp.isHealthy()).toMatchObject({ laaffic: { status: 'down', balance: '9.99' } });
    expect(await marketing.isHealthy('marketing')).toMatchObject({ marketing: { status: 'up', balance: '99.990000' } });
    await testing.close();

    const named = await Test.createTestingModule({ imports: imports('marketing') }).compile();
    expect(() => named.get(LaafficHealthIndicator)).toThrow(/could not find LaafficHealthIndicator/);
    await named.close();
  });

  it('asks with the time-out it was given', async () => {
    const timeouts: (number | undefined)[] = [];
    class Watched extends FakeSmsService {
      override async balance(options: { timeout?: number | undefined } = {}) {
        timeouts.push(options.timeout);
        return super.balance(options);
      }
    }
    const testing = await Test.createTestingModule({
      imports: [LaafficTestingModule.forRoot(), LaafficHealthModule.forRoot({ timeout: 700, cacheFor: 1 })],
    })
      .overrideProvider(SmsService)
      .useValue(new Watched())
      .compile();
    await testing.get(LaafficHealthIndicator).isHealthy();
    expect(timeouts).toEqual([700]);
    await testing.close();
  });

  it('refuses wrong options at boot, naming each', async () => {
    const wrong: object = {
      minimumBalance: '1,50',
      maximumClockOffset: 0,
      cacheFor: -1,
      timeout: 0.5,
      now: 5,
      cachedFor: 1,
    };
    const error = await failureOf(
      Test.createTestingModule({ imports: [LaafficHealthModule.forRoot(wrong)] }).compile(),
    );
    expect(error).toBeInstanceOf(LaafficOptionsError);
    expect((error as LaafficOptionsError).problems).toEqual([
      "health.minimumBalance must be a decimal as text, such as '25.50'",
      'health.maximumClockOffset must be a whole number above 0 and below 2147483648',
      'health.cacheFor must be a whole number above 0 and below 2147483648',
      'health.timeout must be a whole number above 0 and below 2147483648',
      'health.now must be a function',
      'health.cachedFor is no option; known are minimumBalance, maximumClockOffset, cacheFor, timeout, now',
    ]);
  });

  it('has types that hold users to what there is', () => {
    const wrong = (indicator: LaafficHealthIndicator) => {
      // @ts-expect-error amounts are text
      LaafficHealthModule.forRoot({ minimumBalance: 25.5 });
      // @ts-expect-error no such option
      LaafficHealthModule.forRoot({ cachedFor: 5 });
      const entry = async () => (await indicator.isHealthy('sms')).sms.status;
      // @ts-expect-error another key than was asked for
      const other: Promise<{ laaffic: unknown }> = indicator.isHealthy('sms');
      return [entry, other];
    };
    expect(wrong).toBeInstanceOf(Function);
  });
});
