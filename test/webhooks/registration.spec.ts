import {
  Body,
  Controller,
  Get,
  Inject,
  Injectable,
  Module,
  Post,
  RequestMethod,
  Scope,
  VersioningType,
  type CanActivate,
  type DynamicModule,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, NestFactory, REQUEST } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { GatewayClock, LaafficOptionsError } from 'nestjs-laaffic';
import {
  LaafficWebhooksModule,
  MemoryPushStore,
  OnDeliveryReport,
  OnInboundSms,
  WebhookMetrics,
  PushStore,
  type DeliveryReport,
  type LaafficWebhooksOptions,
} from 'nestjs-laaffic/webhooks';
import { Inbox, INBOUND, PLATFORMS, post, REPORT, SECRET, startReceiver } from './receiver.js';

@Injectable()
class Settings {
  readonly secret = SECRET;
}

@Module({ providers: [Settings], exports: [Settings] })
class SettingsModule {}

@Injectable()
class WebhooksConfig {
  createLaafficWebhooksOptions(): LaafficWebhooksOptions {
    return { secret: SECRET };
  }
}

@Injectable()
class WebhooksConfigWithDependency {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  async createLaafficWebhooksOptions(): Promise<LaafficWebhooksOptions> {
    return { secret: this.settings.secret };
  }
}

@Module({ providers: [WebhooksConfig], exports: [WebhooksConfig] })
class ConfigModule {}

/** An app of the module and these providers, initialised and closed. */
async function boot(webhooks: DynamicModule, providers: Provider[] = []) {
  const app = await Test.createTestingModule({ imports: [webhooks], providers }).compile();
  app.useLogger(false);
  await app.init();
  await app.close();
}

describe.each(PLATFORMS)('on %s', (_platform, adapter) => {
  const open: { close: () => Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((receiver) => receiver.close()));
  });
  async function start(...rest: Parameters<typeof startReceiver> extends [unknown, ...infer R] ? R : never) {
    const receiver = await startReceiver(adapter(), ...rest);
    open.push(receiver);
    return receiver;
  }

  it.each<[string, () => DynamicModule]>([
    ['forRoot', () => LaafficWebhooksModule.forRoot({ secret: SECRET })],
    [
      'forRootAsync with useFactory, inject and imports',
      () =>
        LaafficWebhooksModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ secret }: Settings) => ({ secret }),
        }),
    ],
    ['forRootAsync with useClass', () => LaafficWebhooksModule.forRootAsync({ useClass: WebhooksConfig })],
    [
      'forRootAsync with useClass and imports',
      () => LaafficWebhooksModule.forRootAsync({ imports: [SettingsModule], useClass: WebhooksConfigWithDependency }),
    ],
    [
      'forRootAsync with useExisting',
      () => LaafficWebhooksModule.forRootAsync({ imports: [ConfigModule], useExisting: WebhooksConfig }),
    ],
  ])('%s registers the routes', async (_name, register) => {
    const { push, inbox } = await start({ webhooks: register() });
    expect((await push('reports', REPORT)).status).toBe(200);
    expect((await push('inbound', INBOUND)).status).toBe(200);
    expect(inbox.reports).toHaveLength(1);
    expect(inbox.messages).toHaveLength(1);
  });

  it('the routes are at the path, below the global prefix, whatever the versions', async () => {
    const { url } = await start({
      options: { path: '/hooks/sms/' },
      prepare: (app) => {
        app.setGlobalPrefix('api', { exclude: [{ path: 'health', method: RequestMethod.GET }] });
        app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' });
      },
    });
    const paths = ['api/hooks/sms', 'hooks/sms', 'laaffic', 'api/laaffic'];
    const answers = await Promise.all(paths.map((path) => post(`${url}/${path}/${SECRET}/reports`, REPORT)));
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 404, 404]);
  });

  it('the routes have no prefix if they are excluded from it', async () => {
    const { url } = await start({
      prepare: (app) => app.setGlobalPrefix('api', { exclude: [{ path: 'laaffic', method: RequestMethod.POST }] }),
    });
    const paths = ['laaffic', 'api/laaffic'];
    const answers = await Promise.all(paths.map((path) => post(`${url}/${path}/${SECRET}/reports`, REPORT)));
    expect(answers.map(({ status }) => status)).toEqual([200, 404]);
  });

  it("the app's own routes, parsers and guards do not change, and guards do not apply to pushes", async () => {
    @Controller()
    class Own {
      @Post('echo')
      echo(@Body() body: unknown) {
        return { body };
      }
      @Get('laaffic/status')
      status() {
        return 'up';
      }
    }
    @Injectable()
    class Nobody implements CanActivate {
      canActivate(context: { getHandler(): { name: string } }) {
        return context.getHandler().name !== 'status';
      }
    }
    @Module({
      imports: [LaafficWebhooksModule.forRoot({ secret: SECRET })],
      controllers: [Own],
      providers: [Inbox, { provide: APP_GUARD, useClass: Nobody }],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
    open.push(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const echoed = await post(`${url}/echo`, { a: [1, 'ü'] });
    expect(echoed.status).toBe(201);
    expect(JSON.parse(echoed.body)).toEqual({ body: { a: [1, 'ü'] } });
    expect((await post(`${url}/echo`, '{"a":')).status).toBe(400);
    expect((await fetch(`${url}/laaffic/status`)).status).toBe(403);
    expect((await post(`${url}/laaffic/${SECRET}/reports`, REPORT)).status).toBe(200);
    expect(app.get(Inbox).reports).toHaveLength(1);
  });

  it('handlers may be providers, factories, aliases, controllers and inherited, and run once each', async () => {
    const calls: string[] = [];
    class Base {
      @OnDeliveryReport()
      run({ msgId }: DeliveryReport) {
        calls.push(`${this.constructor.name} ${msgId}`);
      }
    }
    class Inherited extends Base {}
    class Made extends Base {}
    @Controller()
    class Web extends Base {}
    @Module({ providers: [{ provide: Symbol('made'), useFactory: () => new Made() }] })
    class Feature {}
    const webhooks = LaafficWebhooksModule.forRoot({ secret: SECRET });
    @Module({
      imports: [webhooks, Feature],
      providers: [
        Base,
        Inherited,
        { provide: 'bare', useValue: Object.create(null) },
        { provide: 'text', useValue: 'x' },
        { provide: 'alias', useExisting: Base },
      ],
      controllers: [Web],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
    open.push(app);
    await app.listen(0, '127.0.0.1');
    await post(`${await app.getUrl()}/laaffic/${SECRET}/reports`, REPORT);
    expect(calls.sort()).toEqual(['Base', 'Inherited', 'Made', 'Web'].map((name) => `${name} ${REPORT.msgid}`));
  });

  it('two registrations work side by side', async () => {
    const paths = ['one', 'two'];
    @Module({
      imports: paths.map((path, index) => LaafficWebhooksModule.forRoot({ path, secret: `${SECRET}${index}` })),
      providers: [Inbox],
    })
    class AppModule {}
    const app = await NestFactory.create(AppModule, adapter(), { logger: false, abortOnError: false });
    open.push(app);
    await app.listen(0, '127.0.0.1');
    const url = await app.getUrl();
    const pushes = [`one/${SECRET}0`, `two/${SECRET}1`, `one/${SECRET}1`];
    const answers = [];
    for (const [index, path] of pushes.entries()) {
      answers.push((await post(`${url}/${path}/reports`, { ...REPORT, msgid: `m${index}` })).status);
    }
    expect(answers).toEqual([200, 200, 404]);
    expect(app.get(Inbox).reports.map(({ msgId }) => msgId)).toEqual(['m0', 'm1']);
  });

  it("the routes work in an app of a testing module, where the app's parser may come first", async () => {
    let now = 1_630_000_000_000;
    const testing = await Test.createTestingModule({
      imports: [LaafficWebhooksModule.forRoot({ secret: SECRET, deduplicationWindowMs: 5_000, maxBodyBytes: 1_000 })],
      providers: [Inbox],
    })
      .overrideProvider(GatewayClock)
      .useValue(new GatewayClock(() => now))
      .compile();
    const app = testing.createNestApplication(adapter(), { logger: false });
    open.push(app);
    await app.listen(0, '127.0.0.1');
    const url = `${await app.getUrl()}/laaffic/${SECRET}/reports`;
    const push = async (body: unknown) => (await post(url, body)).status;
    const statuses = [await push(REPORT), await push(REPORT), await push({ mobile: 1 }), await push('x'.repeat(50))];
    // Express' parser has rounded it, and nothing else has: no message is to be taken for another.
    const rounded = await push('{"msgid":2108241832571000001,"mobile":"91856321412","status":1}');
    expect([rounded, app.get(Inbox).reports.slice(1)]).toEqual(
      adapter().getType() === 'express'
        ? [400, []]
        : [200, [expect.objectContaining({ msgId: '2108241832571000001' })]],
    );
    app.get(Inbox).reports.splice(1);
    expect(statuses).toEqual([200, 200, 400, 400]);
    expect(await push({ ...REPORT, reason: 'x'.repeat(1_000) })).toBe(400);
    now += 5_000;
    expect(await push(REPORT)).toBe(200);
    const { reports, unreadable } = app.get(Inbox);
    expect(reports).toHaveLength(2);
    expect(unreadable.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining<string>(['missing-fields', 'too-long']),
    );
    expect(unreadable[0]).toMatchObject({ route: 'reports', reason: 'missing-fields', text: '{"mobile":1}' });
  });
});

describe('LaafficWebhooksModule behind a parser of an Express instance', () => {
  it('reads what the parser left', async () => {
    const express = new ExpressAdapter();
    express.useBodyParser('text', false, { type: '*/*' });
    const { push, inbox, close } = await startReceiver(express);
    expect((await push('reports', REPORT)).status).toBe(200);
    expect((await push('reports', '{"msgid" :')).status).toBe(400);
    await close();
    expect(inbox.reports).toHaveLength(1);
    expect(inbox.unreadable).toMatchObject([{ route: 'reports', reason: 'malformed-json', text: '{"msgid" :' }]);
  });
});

describe('LaafficWebhooksModule at boot', () => {
  it.each<[string, unknown, string[]]>([
    ['no secret', {}, ['webhooks.secret is missing']],
    ['an empty list of secrets', { secrets: [] }, ['webhooks.secret is missing']],
    [
      'secrets that are too short or could not stand in an address',
      { secret: 'fifteen-letters', secrets: ['has/a/slash/in/it', undefined, 5, SECRET] },
      ['secret', 'secrets[0]', 'secrets[1]', 'secrets[2]'].map(
        (field) => `webhooks.${field} must have 16 to 256 characters: letters, digits, -, _, . and ~`,
      ),
    ],
    ['secrets that are no list', { secrets: SECRET }, ['webhooks.secrets must be a list']],
    [
      'a path with a parameter',
      { secret: SECRET, path: 'a/:b' },
      ['webhooks.path must be segments of letters, digits, -, _, . and ~ with / between them'],
    ],
    [
      'invalid addresses',
      { secret: SECRET, allowedIps: ['1.2.3.4', 'localhost', '1.2.3.4/33', 7] },
      [1, 2, 3].map((index) => `webhooks.allowedIps[${index}] must be an address or a range`),
    ],
    [
      'a list that allows no address',
      { secret: SECRET, allowedIps: [] },
      ['webhooks.allowedIps must be a list of at least one address or range'],
    ],
    [
      'numbers out of range',
      { secret: SECRET, trustProxy: true, maxBodyBytes: 0, deduplicationWindowMs: -1, deduplicationSize: 1.5 },
      [
        'webhooks.trustProxy must be a whole number from 0 to 2147483647',
        ...['maxBodyBytes', 'deduplicationWindowMs', 'deduplicationSize'].map(
          (field) => `webhooks.${field} must be a whole number from 1 to 2147483647`,
        ),
      ],
    ],
    [
      'an invalid store',
      { secret: SECRET, store: { isDone: () => true } },
      ['webhooks.store must have the methods isDone and markDone'],
    ],
    [
      'a misspelt field',
      { secret: SECRET, allowedIPs: ['1.2.3.4'] },
      [
        'webhooks.allowedIPs is not an option; known options: secret, secrets, path, allowedIps, trustProxy, maxBodyBytes, ' +
          'deduplicationWindowMs, deduplicationSize, store',
      ],
    ],
    ['no options', undefined, ['webhooks must be an object', 'webhooks.secret is missing']],
  ])('rejects %s, with the field and without its value', async (_name, options, problems) => {
    const given = options as LaafficWebhooksOptions;
    await expect(boot(LaafficWebhooksModule.forRootAsync({ useFactory: () => given }))).rejects.toThrow(
      new LaafficOptionsError(problems),
    );
  });

  it('rejects wrong options of forRoot as well', async () => {
    await expect(boot(LaafficWebhooksModule.forRoot({ secret: undefined }))).rejects.toThrow(
      new LaafficOptionsError(['webhooks.secret is missing']),
    );
  });

  it.each<[string, Scope]>([
    ['request-scoped', Scope.REQUEST],
    ['transient', Scope.TRANSIENT],
  ])('rejects a handler in a %s class, with its name', async (_name, scope) => {
    @Injectable({ scope })
    class Scoped {
      @OnDeliveryReport()
      run() {
        return undefined;
      }
    }
    const booting = boot(LaafficWebhooksModule.forRoot({ secret: SECRET }), [Scoped]);
    await expect(booting).rejects.toThrow(/^Scoped\.run cannot handle pushes: Scoped is request-scoped or transient/);
  });

  it('rejects a handler whose class depends on the request', async () => {
    @Injectable()
    class Tenant {
      constructor(@Inject(REQUEST) readonly request: unknown) {}

      @OnInboundSms()
      run() {
        return undefined;
      }
    }
    const booting = boot(LaafficWebhooksModule.forRoot({ secret: SECRET }), [Tenant]);
    await expect(booting).rejects.toThrow(/^Tenant\.run cannot handle pushes/);
  });

  it('provides metrics and store, everywhere if it is global', async () => {
    @Injectable()
    class Metrics {
      constructor(
        @Inject(WebhookMetrics) readonly counts: WebhookMetrics,
        @Inject(PushStore) readonly store: PushStore,
      ) {}
    }
    @Module({ providers: [Metrics], exports: [Metrics] })
    class Feature {}
    const webhooks = LaafficWebhooksModule.forRoot({ secret: SECRET, isGlobal: true });
    const app = await Test.createTestingModule({ imports: [webhooks, Feature] }).compile();
    expect(app.get(Metrics)).toEqual({ counts: new WebhookMetrics(), store: expect.any(MemoryPushStore) });
    await app.close();
  });

  it('lets an app without HTTP start', async () => {
    const webhooks = LaafficWebhooksModule.forRoot({ secret: SECRET });
    const app = await NestFactory.createApplicationContext(webhooks, { logger: false, abortOnError: false });
    expect(app.get(WebhookMetrics)).toEqual(new WebhookMetrics());
    await app.close();
  });
});
