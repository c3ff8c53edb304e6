import { createHash } from 'node:crypto';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module, Scope, type DynamicModule, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { LaafficSandbox } from 'laaffic-sandbox';
import {
  getSmsToken,
  InjectSms,
  LaafficModule,
  LaafficOptionsError,
  SmsService,
  type LaafficOptions,
} from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficHealthModule } from 'nestjs-laaffic/health';
import { LaafficTelemetryModule } from 'nestjs-laaffic/telemetry';
import { LaafficWebhooksModule } from 'nestjs-laaffic/webhooks';
import { ACCOUNT } from './account.js';

const command = { to: '91856321412', content: 'hello world' };
const MARKETING = { appId: 'mktApp01', apiKey: 'mktKey01', apiSecret: 'mktSecret01' };

let sandbox: LaafficSandbox;
let marketing: LaafficSandbox;

beforeAll(async () => {
  sandbox = await LaafficSandbox.start();
  marketing = await LaafficSandbox.start(MARKETING);
});
beforeEach(() => {
  sandbox.reset();
  marketing.reset();
});
afterAll(async () => {
  await sandbox.close();
  await marketing.close();
});

async function start(...imports: (DynamicModule | Type)[]) {
  const app = await Test.createTestingModule({ imports }).compile();
  app.useLogger(false);
  await app.init();
  return app;
}

/** The settings of the account, as an app keeps them. */
@Injectable()
class Settings {
  readonly baseUrl = sandbox.url;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

/** Who makes the request. */
@Injectable({ scope: Scope.REQUEST })
class Tenant {}

@Module({ providers: [Tenant], exports: [Tenant] })
class TenantModule {}

@Injectable()
class SmsConfig {
  createLaafficOptions(): LaafficOptions {
    return { ...ACCOUNT, baseUrl: sandbox.url };
  }
}

@Injectable()
class SmsConfigWithDependency {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  async createLaafficOptions(): Promise<LaafficOptions> {
    return { ...ACCOUNT, baseUrl: this.settings.baseUrl };
  }
}

@Module({ providers: [SmsConfig], exports: [SmsConfig] })
class SmsConfigModule {}

describe('LaafficModule', () => {
  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url })],
    [
      'forRootAsync with useFactory',
      () => LaafficModule.forRootAsync({ useFactory: () => ({ ...ACCOUNT, baseUrl: sandbox.url }) }),
    ],
    [
      'forRootAsync with useFactory, inject and imports',
      () =>
        LaafficModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async (settings: Settings) => ({ ...ACCOUNT, baseUrl: settings.baseUrl }),
        }),
    ],
    ['forRootAsync with useClass', () => LaafficModule.forRootAsync({ useClass: SmsConfig })],
    [
      'forRootAsync with useClass and imports',
      () => LaafficModule.forRootAsync({ imports: [SettingsModule], useClass: SmsConfigWithDependency }),
    ],
    [
      'forRootAsync with useExisting',
      () => LaafficModule.forRootAsync({ imports: [SmsConfigModule], useExisting: SmsConfig }),
    ],
  ])('provides an SmsService that sends: %s', async (_, register) => {
    const app = await start(register());
    const receipt = await app.get(SmsService).send(command);
    await app.close();
    expect(receipt.accepted.map(({ number, msgId }) => ({ number, msgId }))).toEqual([
      { number: '91856321412', msgId: sandbox.messages[0]!.msgId },
    ]);
  });

  const wrong = { ...ACCOUNT, apiSecret: '' };
  it.each<[string, string | undefined, () => DynamicModule]>([
    ['forRoot', undefined, () => LaafficModule.forRoot(wrong)],
    ['forRootAsync', undefined, () => LaafficModule.forRootAsync({ useFactory: () => wrong })],
    ['a named forRootAsync', 'x', () => LaafficModule.forRootAsync({ account: 'x', useFactory: () => wrong })],
  ])('rejects wrong options of %s at boot, with the field and the account', async (_, name, register) => {
    await expect(start(register())).rejects.toThrow(new LaafficOptionsError(['apiSecret is missing or blank'], name));
  });

  // Each request would have an account of its own, with connections that are never closed and a rate that is not counted.
  it.each<[string, () => DynamicModule, string]>([
    [
      'LaafficModule',
      () => LaafficModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({ ...ACCOUNT, baseUrl: sandbox.url }) }),
      'call sms.withAccount({ appId, apiKey, apiSecret })',
    ],
    [
      'LaafficModule, of a provider that is made for each request',
      () =>
        LaafficModule.forRootAsync({
          imports: [TenantModule],
          inject: [Tenant],
          useFactory: () => ({ ...ACCOUNT, baseUrl: sandbox.url }),
        }),
      'call sms.withAccount({ appId, apiKey, apiSecret })',
    ],
    [
      'LaafficWebhooksModule',
      () => LaafficWebhooksModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({ secret: 's'.repeat(20) }) }),
      'providers of the default scope',
    ],
    [
      'LaafficHealthModule',
      () => LaafficHealthModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({}) }),
      'providers of the default scope',
    ],
    [
      'LaafficTelemetryModule',
      () => LaafficTelemetryModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({}) }),
      'providers of the default scope',
    ],
    [
      'LaafficOutboxModule',
      () =>
        LaafficOutboxModule.forRootAsync({ inject: [REQUEST], useFactory: () => ({ database: 'postgres://nowhere' }) }),
      'providers of the default scope',
    ],
  ])('rejects request-scoped options of %s', async (module, register, advice) => {
    const account = LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true });
    const imports = module.startsWith('LaafficModule') ? [register()] : [account, register()];
    await expect(start(...imports)).rejects.toThrow(advice);
  });

  it('has one rate for an account, however often it is registered', async () => {
    const options = { ...ACCOUNT, baseUrl: sandbox.url };
    const limited = { ...options, rate: { requestsPerSecond: 0.01 } };
    const first = await start(LaafficModule.forRoot(options), LaafficModule.forRoot({ ...limited, account: 'again' }));
    const second = await start(LaafficModule.forRoot(options));
    try {
      await first.get(SmsService).send(command);
      for (const sms of [first.get<SmsService>(getSmsToken('again')), second.get(SmsService)]) {
        await expect(sms.send(command, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'LAAFFIC_RATE_LIMITED' });
      }
    } finally {
      await first.close();
    }
    expect((await second.get(SmsService).send(command)).accepted).toHaveLength(1);
    await second.close();
  });

  it('is available to every module if it is global, otherwise to its importers only', async () => {
    @Injectable()
    class Consumer {
      constructor(@Inject(SmsService) readonly sms: SmsService) {}
    }
    @Module({ providers: [Consumer], exports: [Consumer] })
    class Feature {}

    const global = await start(LaafficModule.forRoot({ isGlobal: true, ...ACCOUNT, baseUrl: sandbox.url }), Feature);
    expect(await global.get(Consumer).sms.send(command)).toMatchObject({ rejected: [], unknown: [] });
    await global.close();
    await expect(start(LaafficModule.forRoot({ ...ACCOUNT }), Feature)).rejects.toThrow(
      /resolve dependencies of the Consumer/,
    );
  });
});

describe('a base URL', () => {
  const plain = 'baseUrl is not https. The API key, numbers and contents are sent unencrypted';
  const bare = 'baseUrl has no version, such as /v3. The gateway will not find the endpoints';
  it.each([
    ['http://gateway.example/v3', [plain]],
    ['https://gateway.example/v3', []],
    ['https://gateway.example', [bare]],
    ['http://gateway.example/', [plain, bare]],
    ['http://127.0.0.1:4010/v3', []],
    ['http://127.0.0.1:4010', [bare]],
    ['http://[::1]:4010/v3', []],
    ['http://localhost:4010/v3', []],
  ])('%s leads to the warnings %j', async (baseUrl, expected) => {
    const warnings: unknown[] = [];
    const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot({ ...ACCOUNT, baseUrl })] })
      .setLogger({ log: () => 0, error: () => 0, warn: (text: unknown) => warnings.push(text) })
      .compile();
    await app.close();
    expect(warnings).toEqual(expected);
  });
});

describe('named accounts', () => {
  @Injectable()
  class Campaigns {
    constructor(
      @Inject(SmsService) readonly otp: SmsService,
      @InjectSms('marketing') readonly marketing: SmsService,
    ) {}
  }

  const both = () => [
    LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url }),
    LaafficModule.forRootAsync({ account: 'marketing', useFactory: () => ({ ...MARKETING, baseUrl: marketing.url }) }),
  ];

  it('sign with their own keys, beside the account without a name', async () => {
    @Module({ imports: both(), providers: [Campaigns], exports: [Campaigns] })
    class Feature {}
    const app = await start(Feature);
    const { otp, marketing: campaign } = app.get(Campaigns);
    await Promise.all([otp.send(command), campaign.send(command), otp.send(command)]);
    await app.close();
    const signed = (box: LaafficSandbox, { apiKey, apiSecret }: typeof ACCOUNT) =>
      box.requests.map(({ headers, status }) => ({
        status,
        key: headers['api-key'] === apiKey,
        sign:
          headers['sign'] ===
          createHash('md5')
            .update(`${apiKey}${apiSecret}${String(headers['timestamp'])}`)
            .digest('hex'),
      }));
    expect(signed(sandbox, ACCOUNT)).toEqual(new Array(2).fill({ status: '0', key: true, sign: true }));
    expect(signed(marketing, MARKETING)).toEqual([{ status: '0', key: true, sign: true }]);
  });

  it('are found under their token, and never under SmsService', async () => {
    const app = await start(...both());
    await app.get(SmsService).send(command);
    await app.get<SmsService>(getSmsToken('marketing')).send(command);
    await app.close();
    expect(sandbox.messages).toHaveLength(1);
    expect(marketing.messages).toHaveLength(1);

    const onlyNamed = await start(LaafficModule.forRoot({ account: 'marketing', ...MARKETING }));
    expect(() => onlyNamed.get(SmsService)).toThrow(/could not find SmsService/);
    await onlyNamed.close();
  });
});

describe('the private axios instance', () => {
  it("leaves the app's own axios and HttpService unsigned", async () => {
    const app = await start(LaafficModule.forRoot({ isGlobal: true, ...ACCOUNT, baseUrl: sandbox.url }), HttpModule, {
      ...HttpModule.register({}),
      module: class OwnHttp extends HttpModule {},
    });
    await app.get(SmsService).send(command);
    const url = `${sandbox.url}/sendSms`;
    const anyStatus = { validateStatus: () => true };
    await axios.get(url, anyStatus);
    await app.get(HttpService).axiosRef.get(url, anyStatus);
    await axios.create().get(url, anyStatus);
    await app.close();
    const [ours, ...others] = sandbox.requests.map(({ headers }) =>
      ['sign', 'api-key', 'timestamp'].map((name) => name in headers),
    );
    expect(ours).toEqual([true, true, true]);
    expect(others).toEqual(new Array(3).fill([false, false, false]));
  });

  it('belongs to one app, also if two apps of a process share a definition', async () => {
    const accounts = [
      { ...ACCOUNT, baseUrl: sandbox.url },
      { ...MARKETING, baseUrl: marketing.url },
    ];
    const definition = LaafficModule.forRootAsync({ useFactory: () => accounts.shift()! });
    const first = await start(definition);
    const second = await start(definition);

    for (const app of [first, second, first]) await app.get(SmsService).send(command);

    await second.close();
    await first.close();
    expect([sandbox.messages, marketing.messages].map(({ length }) => length)).toEqual([2, 1]);
  });
});
