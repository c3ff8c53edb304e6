import { createHash } from 'node:crypto';
import { HttpModule, HttpService } from '@nestjs/axios';
import { Inject, Injectable, Module, type DynamicModule, type Type } from '@nestjs/common';
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
  ])('%s gives an SmsService that sends', async (_, register) => {
    const app = await start(register());
    const receipt = await app.get(SmsService).send(command);
    await app.close();
    expect(receipt.accepted.map(({ number, msgId }) => ({ number, msgId }))).toEqual([
      { number: '91856321412', msgId: sandbox.messages[0]!.msgId },
    ]);
  });

  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => LaafficModule.forRoot({ ...ACCOUNT, apiSecret: '' })],
    ['forRootAsync', () => LaafficModule.forRootAsync({ useFactory: () => ({ ...ACCOUNT, apiSecret: '' }) })],
    [
      'a named forRootAsync',
      () => LaafficModule.forRootAsync({ name: 'x', useFactory: () => ({ ...ACCOUNT, apiSecret: '' }) }),
    ],
  ])('%s refuses wrong options at boot, naming the field', async (_, register) => {
    await expect(start(register())).rejects.toThrow(new LaafficOptionsError(['apiSecret is missing or blank']));
  });

  it('is there for every module when it is global, and only for its importers when it is not', async () => {
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

describe('a base URL without TLS', () => {
  it.each([
    ['http://gateway.example/v3', 1],
    ['https://gateway.example/v3', 0],
    ['http://127.0.0.1:4010/v3', 0],
    ['http://[::1]:4010/v3', 0],
    ['http://localhost:4010/v3', 0],
  ])('%s is warned about %i times', async (baseUrl, times) => {
    const warnings: unknown[] = [];
    const app = await Test.createTestingModule({ imports: [LaafficModule.forRoot({ ...ACCOUNT, baseUrl })] })
      .setLogger({ log: () => 0, error: () => 0, warn: (text: unknown) => warnings.push(text) })
      .compile();
    await app.close();
    const expected = 'baseUrl is not https: key, numbers and contents travel in the clear';
    expect(warnings).toEqual(new Array(times).fill(expected));
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
    LaafficModule.forRootAsync({ name: 'marketing', useFactory: () => ({ ...MARKETING, baseUrl: marketing.url }) }),
  ];

  it('sign with their own keys, side by side with the unnamed one', async () => {
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
    expect([sandbox.messages.length, marketing.messages.length]).toEqual([1, 1]);

    const onlyNamed = await start(LaafficModule.forRoot({ name: 'marketing', ...MARKETING }));
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
});
