import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import {
  BadGatewayException,
  Controller,
  ForbiddenException,
  HttpException,
  Injectable,
  Module,
  UseFilters,
  type INestApplication,
  type INestMicroservice,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, ExternalContextCreator } from '@nestjs/core';
import { Args, GraphQLModule, Mutation, Query, Resolver } from '@nestjs/graphql';
import { MercuriusDriver, type MercuriusDriverConfig } from '@nestjs/mercurius';
import {
  ClientProxyFactory,
  EventPattern,
  MessagePattern,
  RpcException,
  Transport,
  type ClientProxy,
} from '@nestjs/microservices';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { IoAdapter } from '@nestjs/platform-socket.io';
import { WsAdapter } from '@nestjs/platform-ws';
import { Test } from '@nestjs/testing';
import { ConnectedSocket, SubscribeMessage, WebSocketGateway, WsException } from '@nestjs/websockets';
import { GraphQLError } from 'graphql';
import {
  LAAFFIC_HTTP_STATUSES,
  LaafficAccountException,
  LaafficException,
  LaafficExceptionFilter,
  LaafficInputException,
  LaafficLimitException,
  STATUS_TABLE,
  UseLaafficErrors,
} from 'nestjs-laaffic';
import { concat, lastValueFrom, map, materialize, of, throwError, toArray, type Observable } from 'rxjs';
import { io, type Socket } from 'socket.io-client';
import { WebSocket } from 'ws';

const inputFailure = (): LaafficException =>
  new LaafficInputException(STATUS_TABLE.get(-9)!, { status: -9, reason: 'words of the gateway' });
const accountFailure = (): LaafficException =>
  new LaafficAccountException(STATUS_TABLE.get(-31)!, { status: -31, reason: 'words of the gateway' });
const limitFailure = (): LaafficException =>
  new LaafficLimitException(STATUS_TABLE.get(-15)!, { status: -15, reason: 'words of the gateway' });

/** What each of them becomes for the other side, whatever the context. */
const INPUT_BODY = {
  statusCode: 422,
  message: 'A phone number cannot be reached',
  error: 'Unprocessable Entity',
  code: 'LAAFFIC_ABNORMAL_NUMBER',
  outcome: 'rejected',
  field: 'to',
};
const ACCOUNT_BODY = {
  statusCode: 502,
  message: 'The SMS gateway rejected the account of this service',
  error: 'Bad Gateway',
  code: 'LAAFFIC_IP_NOT_WHITELISTED',
  outcome: 'rejected',
};
const LIMIT_BODY = {
  statusCode: 429,
  message: 'Too many requests to the SMS gateway',
  error: 'Too Many Requests',
  code: 'LAAFFIC_TOO_FREQUENT',
  outcome: 'rejected',
  retryAfterSeconds: 1,
};

/** What a test opened, to be closed after it, whether it passed or not. */
const opened: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** An app that says nothing: Nest's own report of plain errors is not what is tested. */
async function listen(
  root: Type,
  adapter: ExpressAdapter | FastifyAdapter,
  prepare: (app: INestApplication) => void = () => undefined,
): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: [root] }).compile();
  const app = module.createNestApplication(adapter as ExpressAdapter);
  app.useLogger(false);
  prepare(app);
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('LaafficExceptionFilter in GraphQL (mercurius)', () => {
  /** A resolver class of its own for each way of opting in: fields are registered by class. */
  function resolverOf(decorate: ClassDecorator = () => undefined): Type {
    @Resolver()
    @decorate
    class Queries {
      @Query(() => String)
      fine(): string {
        return 'fine';
      }

      @Query(() => String, { nullable: true })
      input(): string {
        throw inputFailure();
      }

      @Query(() => [String], { nullable: true })
      async account(): Promise<string[]> {
        throw accountFailure();
      }

      @Mutation(() => String)
      limit(@Args('to') to: string): string {
        throw to === '' ? new Error('no recipient') : limitFailure();
      }

      @Query(() => String, { nullable: true })
      forbidden(): string {
        throw new ForbiddenException('not your list');
      }

      @Query(() => String, { nullable: true })
      graphql(): string {
        throw new GraphQLError('of the app', { extensions: { code: 'MINE' } });
      }

      @Query(() => String, { nullable: true })
      error(): string {
        throw new Error('a plain error');
      }
    }
    return Queries;
  }

  const UseFiltersResolver = resolverOf(UseFilters(LaafficExceptionFilter));
  const UseLaafficErrorsResolver = resolverOf(UseLaafficErrors());
  const PlainResolver = resolverOf();

  function moduleOf(
    options: Partial<MercuriusDriverConfig>,
    ...providers: NonNullable<Parameters<typeof Module>[0]['providers']>
  ): Type {
    @Module({
      imports: [
        GraphQLModule.forRoot<MercuriusDriverConfig>({
          driver: MercuriusDriver,
          autoSchemaFile: true,
          cache: false,
          ...options,
        }),
      ],
      providers,
    })
    class AppModule {}
    return AppModule;
  }

  async function open(root: Type): Promise<(query: string) => Promise<unknown>> {
    const app = await listen(root, new FastifyAdapter());
    opened.push(() => app.close());
    await (app as NestFastifyApplication).getHttpAdapter().getInstance().ready();
    const url = `${await app.getUrl()}/graphql`;
    return async (query) => {
      const body = JSON.stringify({ query });
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      return { status: response.status, body: await response.json() };
    };
  }

  it.each([
    ['@UseFilters(LaafficExceptionFilter)', [UseFiltersResolver]],
    ['@UseLaafficErrors()', [UseLaafficErrorsResolver]],
    ['APP_FILTER', [PlainResolver, { provide: APP_FILTER, useClass: LaafficExceptionFilter }]],
  ])('returns the title as the error of the field, by %s, and continues', async (_way, providers) => {
    const query = await open(moduleOf({}, ...providers));
    expect(await query('{ input }')).toEqual({
      status: 200,
      body: {
        data: { input: null },
        errors: [{ message: INPUT_BODY.message, locations: [{ line: 1, column: 3 }], path: ['input'] }],
      },
    });
    expect(await query('{ fine account }')).toEqual({
      status: 200,
      body: {
        data: { fine: 'fine', account: null },
        errors: [{ message: ACCOUNT_BODY.message, locations: [{ line: 1, column: 8 }], path: ['account'] }],
      },
    });
    expect(await query('mutation { limit(to: "918563214127") }')).toEqual({
      status: 200,
      body: {
        data: null,
        errors: [{ message: LIMIT_BODY.message, locations: [{ line: 1, column: 12 }], path: ['limit'] }],
      },
    });
    expect(await query('{ fine }')).toEqual({ status: 200, body: { data: { fine: 'fine' } } });
  });

  it("gives the app's error formatter the whole body", async () => {
    const query = await open(
      moduleOf(
        {
          errorFormatter: ({ errors }) => {
            const bodies = errors.map(({ originalError }) =>
              originalError instanceof HttpException ? originalError.getResponse() : undefined,
            );
            return { statusCode: 200, response: { data: { bodies } } };
          },
        },
        UseFiltersResolver,
        { provide: LAAFFIC_HTTP_STATUSES, useValue: { LAAFFIC_TOO_FREQUENT: 503 } },
      ),
    );
    expect(await query('{ input account }')).toEqual({
      status: 200,
      body: { data: { bodies: [INPUT_BODY, ACCOUNT_BODY] } },
    });
    expect(await query('mutation { limit(to: "918563214127") }')).toEqual({
      status: 200,
      body: { data: { bodies: [{ ...LIMIT_BODY, statusCode: 503, error: 'Service Unavailable' }] } },
    });
  });

  it('leaves other exceptions alone', async () => {
    const filtered = await open(moduleOf({}, UseFiltersResolver));
    const plain = await open(moduleOf({}, PlainResolver));
    const answer = (field: string, message: string, extensions?: object) => ({
      status: 200,
      body: {
        data: { [field]: null },
        errors: [
          {
            message,
            locations: [{ line: 1, column: 3 }],
            path: [field],
            ...(extensions === undefined ? {} : { extensions }),
          },
        ],
      },
    });
    for (const query of [filtered, plain]) {
      expect(await query('{ forbidden }')).toEqual(answer('forbidden', 'not your list'));
      expect(await query('{ graphql }')).toEqual(answer('graphql', 'of the app', { code: 'MINE' }));
      expect(await query('{ error }')).toEqual(answer('error', 'a plain error'));
      expect(await query('{ fine }')).toEqual({ status: 200, body: { data: { fine: 'fine' } } });
    }
    expect.assertions(8);
  });
});

describe('LaafficExceptionFilter in a microservice (TCP)', () => {
  class Handlers {
    eventsSeen = 0;

    @MessagePattern('fine')
    fine(): object {
      return { fine: true, eventsSeen: this.eventsSeen };
    }

    @MessagePattern('input')
    input(): never {
      throw inputFailure();
    }

    @MessagePattern('account')
    async account(): Promise<never> {
      throw accountFailure();
    }

    @MessagePattern('stream')
    stream(): Observable<string> {
      return concat(of('first'), throwError(limitFailure));
    }

    @EventPattern('event')
    event(count: number): void {
      this.eventsSeen += count;
      throw inputFailure();
    }

    @MessagePattern('rpc')
    rpc(): never {
      throw new RpcException('of the app');
    }

    @MessagePattern('rpc-object')
    rpcObject(): never {
      throw new RpcException({ why: 'of the app', code: 'MINE' });
    }

    @MessagePattern('error')
    error(): never {
      throw new Error('a secret of the app');
    }
  }

  @Controller()
  @UseFilters(LaafficExceptionFilter)
  class UseFiltersController extends Handlers {}

  @Controller()
  @UseLaafficErrors()
  class UseLaafficErrorsController extends Handlers {}

  @Controller()
  class PlainController extends Handlers {}

  interface Opened {
    /** Everything that the caller's observable does. */
    ask: (pattern: string) => Promise<unknown>;
    client: ClientProxy;
  }

  async function open(
    controller: Type,
    ...providers: NonNullable<Parameters<typeof Module>[0]['providers']>
  ): Promise<Opened> {
    @Module({ controllers: [controller], providers })
    class AppModule {}
    const module = await Test.createTestingModule({ imports: [AppModule] }).compile();
    const options = { host: '127.0.0.1', port: 0 };
    const service: INestMicroservice = module.createNestMicroservice({ transport: Transport.TCP, options });
    service.useLogger(false);
    await service.listen();
    opened.push(() => service.close());
    const { port } = service.unwrap<Server>().address() as AddressInfo;
    const client = ClientProxyFactory.create({ transport: Transport.TCP, options: { host: '127.0.0.1', port } });
    opened.push(async () => {
      await client.close();
    });
    await client.connect();
    return {
      ask: (pattern) =>
        lastValueFrom(
          client.send<unknown>(pattern, {}).pipe(
            materialize(),
            map((happened) =>
              happened.kind === 'N'
                ? { value: happened.value }
                : happened.kind === 'E'
                  ? { error: happened.error as unknown }
                  : 'complete',
            ),
            toArray(),
          ),
        ),
      client,
    };
  }

  it.each([
    ['@UseFilters(LaafficExceptionFilter)', UseFiltersController, []],
    ['@UseLaafficErrors()', UseLaafficErrorsController, []],
    ['APP_FILTER', PlainController, [{ provide: APP_FILTER, useClass: LaafficExceptionFilter }]],
  ])(
    "makes the whole body the error of the caller's observable, by %s, and continues",
    async (_way, root, providers) => {
      const { ask } = await open(root, ...providers);
      expect(await ask('input')).toEqual([{ error: INPUT_BODY }]);
      expect(await ask('account')).toEqual([{ error: ACCOUNT_BODY }]);
      expect(await ask('stream')).toEqual([{ value: 'first' }, { error: LIMIT_BODY }]);
      expect(await ask('fine')).toEqual([{ value: { fine: true, eventsSeen: 0 } }, 'complete']);
    },
  );

  it('applies overrides', async () => {
    const overrides = { provide: LAAFFIC_HTTP_STATUSES, useValue: { LAAFFIC_ABNORMAL_NUMBER: 400 } };
    const { ask } = await open(UseFiltersController, overrides);
    expect(await ask('input')).toEqual([{ error: { ...INPUT_BODY, statusCode: 400, error: 'Bad Request' } }]);
  });

  it('survives the failure of an event, which has no caller', async () => {
    const { ask, client } = await open(UseFiltersController);
    await lastValueFrom(client.emit('event', 1), { defaultValue: undefined });
    expect(await ask('fine')).toEqual([{ value: { fine: true, eventsSeen: 1 } }, 'complete']);
    expect(await ask('input')).toEqual([{ error: INPUT_BODY }]);
  });

  it('leaves other exceptions alone', async () => {
    const filtered = await open(UseFiltersController);
    const plain = await open(PlainController);
    for (const { ask } of [filtered, plain]) {
      expect(await ask('rpc')).toEqual([{ error: { status: 'error', message: 'of the app' } }]);
      expect(await ask('rpc-object')).toEqual([{ error: { why: 'of the app', code: 'MINE' } }]);
      expect(await ask('error')).toEqual([{ error: { status: 'error', message: 'Internal server error' } }]);
      expect(await ask('fine')).toEqual([{ value: { fine: true, eventsSeen: 0 } }, 'complete']);
    }
    expect(await plain.ask('input')).toEqual([{ error: { status: 'error', message: 'Internal server error' } }]);
    expect.assertions(9);
  });
});

/** What a server-side client of either WebSocket library tells about its end. */
interface Leaving {
  once(event: 'close' | 'disconnect', listener: () => void): unknown;
}

/** The handlers of both WebSocket libraries. */
abstract class Gateway {
  abstract readonly end: 'close' | 'disconnect';
  /** Tells that a client left in the middle of a message, and that the message failed then. */
  static left: () => void = () => undefined;

  @SubscribeMessage('fine')
  fine(): object {
    return { event: 'fine', data: { fine: true } };
  }

  @SubscribeMessage('input')
  input(): never {
    throw inputFailure();
  }

  @SubscribeMessage('account')
  async account(): Promise<never> {
    throw accountFailure();
  }

  @SubscribeMessage('stream')
  stream(): Observable<object> {
    return concat(of({ event: 'part', data: 'first' }), throwError(limitFailure));
  }

  @SubscribeMessage('leave')
  leave(@ConnectedSocket() client: Leaving): Promise<never> {
    return new Promise((_resolve, reject) => {
      client.once(this.end, () => {
        reject(inputFailure());
        Gateway.left();
      });
    });
  }

  @SubscribeMessage('ws')
  ws(): never {
    throw new WsException('of the app');
  }

  @SubscribeMessage('ws-object')
  wsObject(): never {
    throw new WsException({ why: 'of the app', code: 'MINE' });
  }

  @SubscribeMessage('error')
  error(): never {
    throw new Error('a secret of the app');
  }
}

abstract class SocketIoHandlers extends Gateway {
  readonly end = 'disconnect';
}

abstract class WsHandlers extends Gateway {
  readonly end = 'close';
}

@WebSocketGateway({ namespace: 'use-filters' })
@UseFilters(LaafficExceptionFilter)
class UseFiltersSocketIoGateway extends SocketIoHandlers {}

@WebSocketGateway({ namespace: 'use-laaffic-errors' })
@UseLaafficErrors({ LAAFFIC_TOO_FREQUENT: 503 })
class UseLaafficErrorsSocketIoGateway extends SocketIoHandlers {}

@WebSocketGateway({ namespace: 'plain' })
class PlainSocketIoGateway extends SocketIoHandlers {}

@WebSocketGateway({ path: '/use-filters' })
@UseFilters(LaafficExceptionFilter)
class UseFiltersWsGateway extends WsHandlers {}

@WebSocketGateway({ path: '/use-laaffic-errors' })
@UseLaafficErrors({ LAAFFIC_TOO_FREQUENT: 503 })
class UseLaafficErrorsWsGateway extends WsHandlers {}

@WebSocketGateway({ path: '/plain' })
class PlainWsGateway extends WsHandlers {}

/** A message from the server. */
interface Message {
  readonly event: string;
  readonly data: unknown;
}

interface WebSocketClient {
  send(event: string, data: unknown): void;
  onMessage(listener: (message: Message) => void): void;
  close(): Promise<void>;
}

async function connectSocketIo(url: string): Promise<WebSocketClient> {
  const client: Socket = io(url, { transports: ['websocket'], reconnection: false, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });
  return {
    send: (event, data) => void client.emit(event, data),
    onMessage: (listener) =>
      void client.onAny((event: string, data: unknown) => {
        listener({ event, data });
      }),
    close: async () => {
      client.disconnect();
    },
  };
}

async function connectWs(url: string): Promise<WebSocketClient> {
  const client = new WebSocket(url.replace('http', 'ws'));
  await once(client, 'open');
  return {
    send: (event, data) => {
      client.send(JSON.stringify({ event, data }));
    },
    onMessage: (listener) =>
      void client.on('message', (text: Buffer) => {
        listener(JSON.parse(text.toString()) as Message);
      }),
    close: async () => {
      if (client.readyState === WebSocket.CLOSED) return;
      client.close();
      await once(client, 'close');
    },
  };
}

/** All that the server says to these events; the last one is answered, so that nothing comes after. */
async function converse(client: WebSocketClient, ...events: string[]): Promise<Message[]> {
  const messages: Message[] = [];
  const over = new Promise<void>((resolve) => {
    client.onMessage((message) => {
      if (message.event === 'fine') resolve();
      else messages.push(message);
    });
  });
  for (const event of events) client.send(event, { to: 'you' });
  client.send('fine', {});
  await over;
  return messages;
}

describe.each([
  {
    library: 'socket.io',
    gateways: [UseFiltersSocketIoGateway, UseLaafficErrorsSocketIoGateway, PlainSocketIoGateway],
    adapt: (app: INestApplication) => new IoAdapter(app),
    connect: connectSocketIo,
  },
  {
    library: 'ws',
    gateways: [UseFiltersWsGateway, UseLaafficErrorsWsGateway, PlainWsGateway],
    adapt: (app: INestApplication) => new WsAdapter(app),
    connect: connectWs,
  },
])('LaafficExceptionFilter in a gateway of $library', ({ gateways, adapt, connect }) => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    @Module({ providers: gateways })
    class AppModule {}
    app = await listen(AppModule, new ExpressAdapter(), (made) => {
      made.useWebSocketAdapter(adapt(made));
    });
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
  });

  async function open(address: string): Promise<WebSocketClient> {
    const client = await connect(address);
    opened.push(() => client.close());
    return client;
  }

  it.each([
    ['@UseFilters(LaafficExceptionFilter)', 'use-filters', LIMIT_BODY],
    [
      '@UseLaafficErrors({ … })',
      'use-laaffic-errors',
      { ...LIMIT_BODY, statusCode: 503, error: 'Service Unavailable' },
    ],
  ])(
    'sends the client one exception event with the whole body, by %s, and continues',
    async (_way, path, limitBody) => {
      const client = await open(`${url}/${path}`);
      expect(await converse(client, 'input')).toEqual([{ event: 'exception', data: INPUT_BODY }]);
      expect(await converse(client, 'account')).toEqual([{ event: 'exception', data: ACCOUNT_BODY }]);
      expect(await converse(client, 'stream')).toEqual([
        { event: 'part', data: 'first' },
        { event: 'exception', data: limitBody },
      ]);
      expect(await converse(client)).toEqual([]);
    },
  );

  it('sends the event to no other client', async () => {
    const client = await open(`${url}/use-filters`);
    const other = await open(`${url}/use-filters`);
    const [told, overheard] = await Promise.all([converse(client, 'input'), converse(other)]);
    expect(told).toEqual([{ event: 'exception', data: INPUT_BODY }]);
    expect([...overheard, ...(await converse(other))]).toEqual([]);
  });

  it('survives a client that left before the failure', async () => {
    const left = new Promise<void>((resolve) => (Gateway.left = resolve));
    const client = await open(`${url}/use-filters`);
    expect(await converse(client, 'leave')).toEqual([]);
    await client.close();
    await left;
    const next = await open(`${url}/use-filters`);
    expect(await converse(next, 'input')).toEqual([{ event: 'exception', data: INPUT_BODY }]);
  });

  it('leaves other exceptions alone', async () => {
    const unhandled = (pattern: string, message: string): Message => ({
      event: 'exception',
      data: { status: 'error', message, cause: { pattern, data: { to: 'you' } } },
    });
    for (const path of ['use-filters', 'plain']) {
      const client = await open(`${url}/${path}`);
      expect(await converse(client, 'ws')).toEqual([unhandled('ws', 'of the app')]);
      expect(await converse(client, 'ws-object')).toEqual([
        { event: 'exception', data: { why: 'of the app', code: 'MINE' } },
      ]);
      expect(await converse(client, 'error')).toEqual([unhandled('error', 'Internal server error')]);
    }
    const plain = await open(`${url}/plain`);
    expect(await converse(plain, 'input')).toEqual([unhandled('input', 'Internal server error')]);
    expect.assertions(7);
  });
});

describe('LaafficExceptionFilter in another context (a queue, a command line)', () => {
  @Injectable()
  @UseFilters(LaafficExceptionFilter)
  class Consumer {
    async consume(job: string): Promise<string> {
      if (job === 'fine') return 'done';
      throw job === 'account' ? accountFailure() : new Error('a plain error');
    }
  }

  async function open(): Promise<(job: string) => Promise<unknown>> {
    const module = await Test.createTestingModule({ providers: [Consumer] }).compile();
    module.useLogger(false);
    opened.push(() => module.close());
    const consumer = module.get(Consumer);
    const creator = module.get(ExternalContextCreator);
    return creator.create(
      consumer,
      consumer.consume.bind(consumer) as (...args: unknown[]) => unknown,
      'consume',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
      'queue',
    ) as (job: string) => Promise<unknown>;
  }

  it('makes the call fail with the HTTP exception, and the next one works', async () => {
    const consume = await open();
    const failure = await consume('account').then(
      (result) => ({ resolved: result }),
      (error: unknown) => ({ rejected: error }),
    );
    expect(failure).toEqual({ rejected: expect.any(BadGatewayException) });
    expect(failure).toHaveProperty('rejected.response', ACCOUNT_BODY);
    expect(await consume('fine')).toBe('done');
  });

  it('leaves other exceptions alone', async () => {
    const consume = await open();
    await expect(consume('error')).rejects.toEqual(new Error('a plain error'));
    expect(await consume('fine')).toBe('done');
  });
});
