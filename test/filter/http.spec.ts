import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BadGatewayException,
  BadRequestException,
  Body,
  Catch,
  ConflictException,
  Controller,
  ForbiddenException,
  GatewayTimeoutException,
  Get,
  HttpException,
  Injectable,
  Module,
  NotFoundException,
  Param,
  Post,
  Res,
  ServiceUnavailableException,
  Sse,
  UnprocessableEntityException,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
  type ArgumentsHost,
  type CanActivate,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
  type NestModule,
  type PipeTransform,
  type Type,
} from '@nestjs/common';
import { APP_FILTER, BaseExceptionFilter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { Type as TypeOf } from 'class-transformer';
import { ValidateNested } from 'class-validator';
import {
  InjectSms,
  LAAFFIC_HTTP_STATUSES,
  LaafficAccountException,
  LaafficClockException,
  LaafficException,
  LaafficExceptionFilter,
  LaafficInputException,
  LaafficLimitException,
  LaafficModule,
  LaafficPlatformException,
  LaafficTransportException,
  LaafficUnreadableException,
  SmsService,
  STATUS_TABLE,
  toHttpException,
  toInputException,
  UseLaafficErrors,
  type Failure,
  type FailureKind,
  type HttpStatusOverrides,
} from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';
import { Observable, throwError } from 'rxjs';
import { freePort } from '../free-port.js';

/** One line of the requirement: what a status of the gateway becomes towards the app's own callers. */
interface Expected {
  readonly status: number;
  readonly http: number;
  readonly error: string;
  readonly code: string;
  readonly outcome: 'rejected' | 'unknown';
  readonly message: string;
  readonly field?: string;
  readonly retryAfterSeconds?: string;
}

const BAD_REQUEST = { http: 400, error: 'Bad Request', outcome: 'rejected' } as const;
const UNPROCESSABLE = { http: 422, error: 'Unprocessable Entity', outcome: 'rejected' } as const;
const TOO_MANY = { http: 429, error: 'Too Many Requests', outcome: 'rejected' } as const;
const ACCOUNT = { message: 'The SMS gateway rejected the account of this service', outcome: 'rejected' } as const;
const ACCOUNT_BROKEN = { http: 502, error: 'Bad Gateway', ...ACCOUNT } as const;
const ACCOUNT_EMPTY = { http: 503, error: 'Service Unavailable', ...ACCOUNT } as const;
const UNAVAILABLE = { http: 503, error: 'Service Unavailable' } as const;

const EXPECTED: readonly Expected[] = [
  { status: -1, code: 'LAAFFIC_AUTHENTICATION_FAILED', ...ACCOUNT_BROKEN },
  { status: -2, code: 'LAAFFIC_IP_RESTRICTED', ...ACCOUNT_BROKEN },
  {
    status: -3,
    code: 'LAAFFIC_SENSITIVE_CONTENT',
    ...UNPROCESSABLE,
    message: 'The content has sensitive words',
    field: 'content',
  },
  { status: -4, code: 'LAAFFIC_EMPTY_CONTENT', ...BAD_REQUEST, message: 'The content is empty', field: 'content' },
  {
    status: -5,
    code: 'LAAFFIC_CONTENT_TOO_LONG',
    ...BAD_REQUEST,
    message: 'The content is too long',
    field: 'content',
  },
  {
    status: -6,
    code: 'LAAFFIC_NOT_A_TEMPLATE',
    ...UNPROCESSABLE,
    message: 'The content matches no template',
    field: 'content',
  },
  { status: -7, code: 'LAAFFIC_TOO_MANY_NUMBERS', ...BAD_REQUEST, message: 'Too many recipients', field: 'to' },
  { status: -8, code: 'LAAFFIC_EMPTY_NUMBER', ...BAD_REQUEST, message: 'A phone number is empty', field: 'to' },
  {
    status: -9,
    code: 'LAAFFIC_ABNORMAL_NUMBER',
    ...UNPROCESSABLE,
    message: 'A phone number cannot be reached',
    field: 'to',
  },
  { status: -10, code: 'LAAFFIC_INSUFFICIENT_BALANCE', ...ACCOUNT_EMPTY },
  { status: -11, code: 'LAAFFIC_INVALID_TIME_FORMAT', ...BAD_REQUEST, message: 'A time is malformed' },
  {
    status: -12,
    code: 'LAAFFIC_SUBMIT_FAILED',
    ...UNAVAILABLE,
    outcome: 'unknown',
    message: 'The SMS gateway failed to submit the messages',
  },
  { status: -13, code: 'LAAFFIC_USER_LOCKED', ...ACCOUNT_BROKEN },
  { status: -14, code: 'LAAFFIC_EMPTY_FIELD', ...BAD_REQUEST, message: 'A field is empty or an id is unknown' },
  {
    status: -15,
    code: 'LAAFFIC_TOO_FREQUENT',
    ...TOO_MANY,
    message: 'Too many requests to the SMS gateway',
    retryAfterSeconds: '1',
  },
  {
    status: -16,
    code: 'LAAFFIC_TIMESTAMP_EXPIRED',
    ...UNAVAILABLE,
    outcome: 'rejected',
    message: 'The SMS gateway rejected the time of the request',
  },
  { status: -17, code: 'LAAFFIC_EMPTY_TEMPLATE', ...UNPROCESSABLE, message: 'There is no template' },
  {
    status: -18,
    code: 'LAAFFIC_GATEWAY_FAULT',
    ...UNAVAILABLE,
    outcome: 'unknown',
    message: 'The SMS gateway has an internal fault',
  },
  { status: -19, code: 'LAAFFIC_PRICING_NOT_CONFIRMED', ...ACCOUNT_BROKEN },
  {
    status: -20,
    http: 409,
    error: 'Conflict',
    code: 'LAAFFIC_ALREADY_EXISTS',
    outcome: 'rejected',
    message: 'The data already exist',
  },
  { status: -21, code: 'LAAFFIC_INVALID_DATA', ...BAD_REQUEST, message: 'The data are invalid' },
  { status: -22, code: 'LAAFFIC_INVALID_PARAMETER', ...BAD_REQUEST, message: 'A parameter is invalid' },
  { status: -23, code: 'LAAFFIC_QUOTA_EXHAUSTED', ...ACCOUNT_EMPTY },
  {
    status: -24,
    http: 404,
    error: 'Not Found',
    code: 'LAAFFIC_NOT_FOUND',
    outcome: 'rejected',
    message: 'The data do not exist',
  },
  { status: -25, code: 'LAAFFIC_OUT_OF_TIME_RANGE', ...BAD_REQUEST, message: 'The time range is not allowed' },
  { status: -26, code: 'LAAFFIC_FEE_UNAVAILABLE', ...ACCOUNT_BROKEN },
  {
    status: -27,
    code: 'LAAFFIC_TOTAL_LIMIT',
    ...TOO_MANY,
    message: 'The limit of messages for this period is reached',
    retryAfterSeconds: '60',
  },
  {
    status: -28,
    code: 'LAAFFIC_NUMBER_LIMIT',
    ...TOO_MANY,
    message: 'The limit of messages to one number is reached',
    retryAfterSeconds: '60',
  },
  { status: -29, code: 'LAAFFIC_WORKSPACE_DISABLED', ...ACCOUNT_BROKEN },
  { status: -30, code: 'LAAFFIC_KEY_DISABLED', ...ACCOUNT_BROKEN },
  { status: -31, code: 'LAAFFIC_IP_NOT_WHITELISTED', ...ACCOUNT_BROKEN },
  { status: -32, code: 'LAAFFIC_KEY_WITHOUT_RIGHT', ...ACCOUNT_BROKEN },
];

const CLASS_OF_HTTP: Readonly<Record<number, unknown>> = {
  400: BadRequestException,
  404: NotFoundException,
  409: ConflictException,
  422: UnprocessableEntityException,
  429: HttpException,
  502: BadGatewayException,
  503: ServiceUnavailableException,
  504: GatewayTimeoutException,
};

const CLASS_OF_KIND = {
  input: LaafficInputException,
  account: LaafficAccountException,
  limit: LaafficLimitException,
  clock: LaafficClockException,
  platform: LaafficPlatformException,
  transport: LaafficTransportException,
  unreadable: LaafficUnreadableException,
} as const satisfies Record<FailureKind, unknown>;

/** The exception of one row of the library's table, with words of the gateway in it. */
function exceptionOf(status: number): LaafficException {
  const failure = STATUS_TABLE.get(status)!;
  return new CLASS_OF_KIND[failure.kind](failure, { status, reason: `the gateway said ${status}` });
}

function bodyOf({
  http,
  message,
  error,
  code,
  outcome,
  field,
  retryAfterSeconds,
}: Omit<Expected, 'status'>): Record<string, unknown> {
  return {
    ...{ statusCode: http, message, error, code, outcome },
    ...(field === undefined ? {} : { field }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds: Number(retryAfterSeconds) }),
  };
}

/** Everything of an answer that a client can tell apart. */
interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly retryAfterSeconds: string | null;
  readonly challenge: string | null;
  readonly body: unknown;
}

function jsonAnswer(http: number, body: unknown, retryAfterSeconds: string | null = null): Answer {
  return { status: http, type: 'application/json; charset=utf-8', retryAfterSeconds, challenge: null, body };
}

function answerOf(expected: Omit<Expected, 'status'>): Answer {
  return jsonAnswer(expected.http, bodyOf(expected), expected.retryAfterSeconds ?? null);
}

const NEST_500 = jsonAnswer(500, { statusCode: 500, message: 'Internal server error' });
const BALANCE = answerOf(EXPECTED.find(({ status }) => status === -10)!);
const SENSITIVE = answerOf(EXPECTED.find(({ status }) => status === -3)!);
const TEMPLATE = answerOf(EXPECTED.find(({ status }) => status === -6)!);
const FREQUENT = answerOf(EXPECTED.find(({ status }) => status === -15)!);

/** No answer here takes long: one that never ends is a failure, not a reason to wait. */
const PATIENCE = 60_000;

async function ask(url: string, json?: unknown): Promise<Answer> {
  const signal = AbortSignal.timeout(PATIENCE);
  const body = JSON.stringify(json);
  const init =
    json === undefined ? { signal } : { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal };
  const response = await fetch(url, init);
  const text = await response.text();
  const type = response.headers.get('content-type');
  return {
    status: response.status,
    type,
    retryAfterSeconds: response.headers.get('retry-after'),
    challenge: response.headers.get('www-authenticate'),
    body: type?.startsWith('application/json') === true ? (JSON.parse(text) as unknown) : text,
  };
}

/** What Express's response and Fastify's reply have in common. */
interface Reply {
  readonly raw?: ServerResponse;
  status(code: number): this;
  send(body: unknown): unknown;
}

/** Every way in which a handler's failure comes to a filter. */
class Failing {
  @Get('status/:status')
  status(@Param('status') status: string): never {
    throw exceptionOf(Number(status));
  }

  @Get('async')
  async async(): Promise<never> {
    throw exceptionOf(-10);
  }

  @Get('observable')
  observable(): Observable<never> {
    return throwError(() => exceptionOf(-10));
  }

  @Sse('event-stream')
  eventStream(): never {
    throw exceptionOf(-10);
  }

  @Get('fine')
  fine(): { fine: boolean } {
    return { fine: true };
  }
}

@Injectable()
class FailingGuard implements CanActivate {
  canActivate(): never {
    throw exceptionOf(-10);
  }
}

@Injectable()
class FailingInterceptor implements NestInterceptor {
  intercept(): never {
    throw exceptionOf(-10);
  }
}

@Injectable()
class FailingPipe implements PipeTransform {
  transform(): never {
    throw exceptionOf(-10);
  }
}

@Controller('use-filters')
@UseFilters(LaafficExceptionFilter)
class UseFiltersController extends Failing {
  @Get('guard')
  @UseGuards(FailingGuard)
  guard(): string {
    return 'never';
  }

  @Get('interceptor')
  @UseInterceptors(FailingInterceptor)
  interceptor(): string {
    return 'never';
  }

  @Get('pipe/:id')
  pipe(@Param('id', FailingPipe) id: string): string {
    return id;
  }
}

@Controller('use-filters-route')
class UseFiltersRouteController {
  @Get('status/:status')
  @UseFilters(LaafficExceptionFilter)
  status(@Param('status') status: string): never {
    throw exceptionOf(Number(status));
  }

  @Get('next-to-it')
  nextToIt(): never {
    throw exceptionOf(-10);
  }
}

@Controller('use-laaffic-errors')
@UseLaafficErrors()
class UseLaafficErrorsController extends Failing {}

@Controller('use-laaffic-errors-route')
class UseLaafficErrorsRouteController {
  @Get('status/:status')
  @UseLaafficErrors()
  status(@Param('status') status: string): never {
    throw exceptionOf(Number(status));
  }

  @Get('next-to-it')
  nextToIt(): never {
    throw exceptionOf(-10);
  }
}

@Controller('not-opted-in')
class NotOptedInController extends Failing {}

/** What is not ours, thrown with and without our filter. */
class OtherFailures {
  @Get('forbidden')
  forbidden(): never {
    throw new ForbiddenException('not your list');
  }

  @Get('conflict')
  conflict(): never {
    throw new ConflictException({ why: 'a body of its own', code: 'MINE' });
  }

  @Get('own-status')
  ownStatus(): never {
    throw new HttpException('slow down', 429);
  }

  @Get('error')
  error(): never {
    throw new Error('a secret of the app');
  }

  @Get('lookalike')
  lookalike(): never {
    throw Object.assign(new Error('looks like ours'), { code: 'LAAFFIC_TIMEOUT', outcome: 'unknown', failure: {} });
  }

  @Get('wrapped')
  wrapped(): never {
    throw new Error('wraps ours', { cause: exceptionOf(-10) });
  }

  @Get('text')
  text(): never {
    throw 'no error at all' as unknown as Error; // as some libraries do
  }
}

@Controller('others/filtered')
@UseFilters(LaafficExceptionFilter)
class FilteredOthersController extends OtherFailures {}

@Controller('others/plain')
class PlainOthersController extends OtherFailures {}

/** Answers that are under way, or over, when the failure comes. */
class LateFailures {
  @Get('sent/:failure')
  sent(@Param('failure') failure: string, @Res() reply: Reply): never {
    reply.status(202).send({ accepted: true });
    throw failure === 'ours' ? exceptionOf(-15) : new Error('plain');
  }

  @Get('begun/:failure')
  begun(@Param('failure') failure: string, @Res() reply: Reply): never {
    const raw = reply.raw ?? (reply as unknown as ServerResponse);
    raw.writeHead(200, { 'content-type': 'text/plain' });
    raw.write('half of a list');
    throw failure === 'ours' ? exceptionOf(-15) : new Error('plain');
  }
}

@Controller('late')
@UseFilters(LaafficExceptionFilter)
class LateController extends LateFailures {}

@Controller('overrides/new')
@UseFilters(new LaafficExceptionFilter({ LAAFFIC_SENSITIVE_CONTENT: 400, LAAFFIC_INSUFFICIENT_BALANCE: 500 }))
class NewWithOverridesController extends Failing {}

@Controller('overrides/decorator')
@UseLaafficErrors({ LAAFFIC_SENSITIVE_CONTENT: 400, LAAFFIC_INSUFFICIENT_BALANCE: 500 })
class DecoratorWithOverridesController extends Failing {}

@Controller('overrides/token')
@UseFilters(LaafficExceptionFilter)
class TokenController extends Failing {}

@Module({
  controllers: [TokenController],
  providers: [
    {
      provide: LAAFFIC_HTTP_STATUSES,
      useValue: {
        LAAFFIC_SENSITIVE_CONTENT: 400,
        LAAFFIC_INSUFFICIENT_BALANCE: 500,
      } satisfies HttpStatusOverrides,
    },
  ],
})
class TokenModule {}

/** A filter as a reader of the manual would write it. */
@Catch(LaafficException)
class OwnFilter extends BaseExceptionFilter {
  override catch(exception: LaafficException, host: ArgumentsHost): void {
    super.catch(toHttpException(exception, { LAAFFIC_SENSITIVE_CONTENT: 400 }), host);
  }
}

@Controller('own-filter')
@UseFilters(OwnFilter)
class OwnFilterController extends Failing {}

class Reminder {
  @ValidateNested()
  @TypeOf(() => SendSmsCommand)
  sms!: SendSmsCommand;
}

const PIPE = { transform: true, whitelist: true, exceptionFactory: toInputException };

@Controller('command')
@UseFilters(LaafficExceptionFilter)
class CommandController {
  @Post('ours')
  @UsePipes(new ValidationPipe(PIPE))
  ours(@Body() command: SendSmsCommand): object {
    const { to, content, senderId } = command;
    return { isCommand: command instanceof SendSmsCommand, hasMore: 'admin' in command, to, content, senderId };
  }

  @Post('strict')
  @UsePipes(new ValidationPipe({ ...PIPE, forbidNonWhitelisted: true }))
  strict(@Body() command: SendSmsCommand): object {
    return command;
  }

  @Post('nested')
  @UsePipes(new ValidationPipe(PIPE))
  nested(@Body() reminder: Reminder): object {
    return reminder;
  }

  @Post('default')
  @UsePipes(new ValidationPipe())
  default(@Body() command: SendSmsCommand): object {
    return command;
  }
}

/** A gateway that answers as the content of the message asks it to. */
class Gateway {
  readonly #server: Server;
  onRequest: () => void = () => undefined;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response);
    });
  }

  async open(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v3`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { content } = JSON.parse(Buffer.concat(chunks).toString()) as { content: string };
    this.onRequest();
    switch (content) {
      case 'say nothing':
        return;
      case 'hang up':
        request.socket.destroy();
        return;
      case 'say html':
        response.setHeader('content-type', 'text/html').end('<h1>Welcome</h1>');
        return;
      case 'limit at the door':
        response.writeHead(429, { 'retry-after': '17' }).end('slow down');
        return;
      case 'reject the number':
        response.end(JSON.stringify({ status: '0', reason: 'success', success: '0', fail: '1', array: [] }));
        return;
      default:
        response.end(JSON.stringify({ status: content, reason: 'words of the gateway', success: '0', fail: '1' }));
    }
  }
}

/** Sends through a real account; the gateway does as the content says. */
@Controller('send')
@UseLaafficErrors()
class SendController {
  constructor(
    private readonly sms: SmsService,
    @InjectSms('unreachable') private readonly unreachable: SmsService,
    private readonly gateway: Gateway,
  ) {}

  @Post()
  async send(@Body() command: SendSmsCommand): Promise<object> {
    return this.sms.send(command);
  }

  @Post('unreachable')
  async sendUnreachable(@Body() command: SendSmsCommand): Promise<object> {
    return this.unreachable.send(command);
  }

  @Post('in-time')
  async sendInTime(@Body() command: SendSmsCommand): Promise<object> {
    return this.sms.send(command, { timeoutMs: 250 });
  }

  @Post('aborted-before')
  async sendAborted(@Body() command: SendSmsCommand): Promise<object> {
    return this.sms.send(command, { signal: AbortSignal.abort() });
  }

  @Post('aborted-after')
  async sendAbortedLater(@Body() command: SendSmsCommand): Promise<object> {
    const aborter = new AbortController();
    this.gateway.onRequest = () => {
      this.gateway.onRequest = () => undefined;
      aborter.abort();
    };
    return this.sms.send(command, { signal: aborter.signal });
  }
}

const CREDENTIALS = { appId: 'app', apiKey: 'a-key-of-tests', apiSecret: 'a-secret-of-tests' };
const TO = '918563214127';
const WRONG_NUMBER = 'must be a phone number with country code: it contains “n”, which is not part of a number';
const INVALID_COMMAND = { ...BAD_REQUEST, code: 'LAAFFIC_INVALID_COMMAND' } as const;

const PLATFORMS = [
  { platform: 'Express', adapter: () => new ExpressAdapter() },
  { platform: 'Fastify', adapter: () => new FastifyAdapter() },
];

/** What Nest reported as an unhandled error. */
const reported: unknown[] = [];

beforeEach(() => {
  reported.length = 0;
});

async function listen(root: Type, adapter: ExpressAdapter | FastifyAdapter): Promise<INestApplication> {
  const module = await Test.createTestingModule({ imports: [root] }).compile();
  const app = module.createNestApplication(adapter as ExpressAdapter);
  app.useLogger({ log: () => undefined, warn: () => undefined, error: (problem: unknown) => reported.push(problem) });
  await app.listen(0, '127.0.0.1');
  return app;
}

describe('the requirement and the table', () => {
  it('name the same statuses', () => {
    expect([...STATUS_TABLE.keys()].sort((a, b) => b - a)).toEqual(EXPECTED.map(({ status }) => status));
    expect(EXPECTED).toHaveLength(32);
  });

  it('agree on kinds that have a class', () => {
    const kinds = new Set([...STATUS_TABLE.values()].map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual(['account', 'clock', 'input', 'limit', 'platform']);
  });
});

describe('toHttpException', () => {
  it.each(EXPECTED)('converts status $status into the HTTP exception of $http, with the whole body', (expected) => {
    const exception = exceptionOf(expected.status);
    const made = toHttpException(exception);
    expect({ class: made.constructor, status: made.getStatus(), body: made.getResponse() }).toEqual({
      class: CLASS_OF_HTTP[expected.http],
      status: expected.http,
      body: bodyOf(expected),
    });
    expect(made).toBeInstanceOf(HttpException);
    expect(made.cause).toBe(exception);
    expect(made.message).toBe(expected.message);
  });

  const timeout: Failure = {
    code: 'LAAFFIC_TIMEOUT',
    kind: 'transport',
    outcome: 'unknown',
    http: 504,
    title: 'No answer',
    advice: 'Wait.',
  };

  it('creates a GatewayTimeoutException for a 504', () => {
    const made = toHttpException(new LaafficTransportException(timeout, { reason: 'ECONNRESET' }));
    expect(made.constructor).toBe(GatewayTimeoutException);
    expect(made.getResponse()).toEqual({
      statusCode: 504,
      message: 'No answer',
      error: 'Gateway Timeout',
      code: 'LAAFFIC_TIMEOUT',
      outcome: 'unknown',
    });
  });

  it('has the outcome of this failure, not that of its row', () => {
    const made = toHttpException(new LaafficInputException(STATUS_TABLE.get(-9)!, { outcome: 'unknown', status: -9 }));
    expect(made.getResponse()).toEqual({
      statusCode: 422,
      message: 'A phone number cannot be reached',
      error: 'Unprocessable Entity',
      code: 'LAAFFIC_ABNORMAL_NUMBER',
      outcome: 'unknown',
      field: 'to',
    });
  });

  it.each([
    { http: 400, class: BadRequestException, error: 'Bad Request' },
    { http: 418, class: HttpException, error: "I'm a Teapot" },
    { http: 500, class: HttpException, error: 'Internal Server Error' },
    { http: 599, class: HttpException, error: 'Error' },
  ])('uses $http in place of the status of the table', ({ http, class: expectedClass, error }) => {
    const made = toHttpException(exceptionOf(-3), { LAAFFIC_SENSITIVE_CONTENT: http });
    expect({ class: made.constructor, status: made.getStatus(), body: made.getResponse() }).toEqual({
      class: expectedClass,
      status: http,
      body: {
        statusCode: http,
        message: 'The content has sensitive words',
        error,
        code: 'LAAFFIC_SENSITIVE_CONTENT',
        outcome: 'rejected',
        field: 'content',
      },
    });
  });

  it('keeps the status of codes without an override', () => {
    const made = toHttpException(exceptionOf(-10), { LAAFFIC_SENSITIVE_CONTENT: 400 });
    expect(made.getResponse()).toEqual(BALANCE.body);
  });

  it('never returns 401 or 403 for any status', () => {
    const statuses = new Set(
      [...STATUS_TABLE.keys()].map((status) => toHttpException(exceptionOf(status)).getStatus()),
    );
    expect([...statuses].sort()).toEqual([400, 404, 409, 422, 429, 502, 503]);
  });

  it("shows neither the advice nor the gateway's text", () => {
    for (const [status, { advice }] of STATUS_TABLE) {
      const shown = JSON.stringify(toHttpException(exceptionOf(status)).getResponse());
      expect(shown).not.toContain(advice);
      expect(shown).not.toContain('the gateway said');
    }
    expect.assertions(64);
  });
});

describe.each(PLATFORMS)('LaafficExceptionFilter on $platform', ({ adapter }) => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    @Module({
      imports: [TokenModule],
      controllers: [
        UseFiltersController,
        UseFiltersRouteController,
        UseLaafficErrorsController,
        UseLaafficErrorsRouteController,
        NotOptedInController,
        FilteredOthersController,
        PlainOthersController,
        LateController,
        NewWithOverridesController,
        DecoratorWithOverridesController,
        OwnFilterController,
        CommandController,
      ],
    })
    class AppModule {}
    app = await listen(AppModule, adapter());
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
  });

  describe('responds to each status as required:', () => {
    it.each(EXPECTED)('$status with $http $code', async (expected) => {
      expect(await ask(`${url}/use-filters/status/${expected.status}`)).toEqual(answerOf(expected));
    });
  });

  describe('can be applied', () => {
    it.each([
      ['@UseFilters(LaafficExceptionFilter) on a controller', 'use-filters'],
      ['@UseFilters(LaafficExceptionFilter) on a route', 'use-filters-route'],
      ['@UseLaafficErrors() on a controller', 'use-laaffic-errors'],
      ['@UseLaafficErrors() on a route', 'use-laaffic-errors-route'],
    ])('by %s', async (_way, path) => {
      expect(await ask(`${url}/${path}/status/-10`)).toEqual(BALANCE);
      expect(await ask(`${url}/${path}/status/-15`)).toEqual(FREQUENT);
    });

    it.each(['use-filters-route', 'use-laaffic-errors-route'])('to one route only by %s', async (path) => {
      expect(await ask(`${url}/${path}/next-to-it`)).toEqual(NEST_500);
    });

    it('or not at all, so that Nest responds as to any other error', async () => {
      expect(await ask(`${url}/not-opted-in/status/-10`)).toEqual(NEST_500);
      expect(await ask(`${url}/not-opted-in/status/-15`)).toEqual(NEST_500);
    });
  });

  describe('responds to a failure from', () => {
    it.each([
      ['an async handler', 'async'],
      ["a handler's observable", 'observable'],
      ['a server-sent event handler, before its first event', 'event-stream'],
      ['a guard', 'guard'],
      ['an interceptor', 'interceptor'],
      ['a pipe', 'pipe/1'],
    ])('%s', async (_place, path) => {
      expect(await ask(`${url}/use-filters/${path}`)).toEqual(BALANCE);
    });
  });

  describe('leaves other exceptions alone:', () => {
    it.each([
      ["Nest's HttpException", 'forbidden', { statusCode: 403, message: 'not your list', error: 'Forbidden' }],
      ['one with a body of its own', 'conflict', { why: 'a body of its own', code: 'MINE' }],
      ['one with a status that the filter uses too', 'own-status', { statusCode: 429, message: 'slow down' }],
      ['a plain Error', 'error', NEST_500.body],
      ['an Error that only looks like ours', 'lookalike', NEST_500.body],
      ['an Error that has ours as its cause', 'wrapped', NEST_500.body],
      ['what is no Error at all', 'text', NEST_500.body],
    ])('%s', async (_what, path, body) => {
      const filtered = await ask(`${url}/others/filtered/${path}`);
      expect(filtered.body).toEqual(body);
      expect(filtered).toEqual(await ask(`${url}/others/plain/${path}`));
    });
  });

  describe('if the response has started or ended', () => {
    it.each([
      ['leaves an answer alone that was sent already', 'sent', jsonAnswer(202, { accepted: true })],
      [
        'ends an answer that was begun already, as Nest does after other errors',
        'begun',
        { status: 200, type: 'text/plain', retryAfterSeconds: null, challenge: null, body: 'half of a list' },
      ],
    ])('%s', async (_what, path, answer) => {
      expect(await ask(`${url}/late/${path}/ours`)).toEqual(answer);
      expect(reported).toEqual([]);
      expect(await ask(`${url}/late/${path}/plain`)).toEqual(answer);
      expect(reported).toEqual([new Error('plain')]);
      expect(await ask(`${url}/use-filters/fine`)).toEqual(jsonAnswer(200, { fine: true }));
    });
  });

  describe('uses other HTTP statuses for single codes', () => {
    it.each([
      ['new LaafficExceptionFilter({ … })', 'overrides/new'],
      ['@UseLaafficErrors({ … })', 'overrides/decorator'],
      ['the LAAFFIC_HTTP_STATUSES of the module', 'overrides/token'],
    ])('from %s', async (_way, path) => {
      expect(await ask(`${url}/${path}/status/-3`)).toEqual(
        jsonAnswer(400, { ...(SENSITIVE.body as object), statusCode: 400, error: 'Bad Request' }),
      );
      expect(await ask(`${url}/${path}/status/-10`)).toEqual(
        jsonAnswer(500, { ...(BALANCE.body as object), statusCode: 500, error: 'Internal Server Error' }),
      );
      expect(await ask(`${url}/${path}/status/-6`)).toEqual(TEMPLATE);
      expect(await ask(`${url}/${path}/status/-15`)).toEqual(FREQUENT);
    });

    it('of its own module only', async () => {
      expect(await ask(`${url}/use-filters/status/-3`)).toEqual(SENSITIVE);
      expect(await ask(`${url}/use-laaffic-errors/status/-3`)).toEqual(SENSITIVE);
    });
  });

  describe("toHttpException in an app's own filter", () => {
    it('gives the same response through Nest', async () => {
      expect(await ask(`${url}/own-filter/status/-10`)).toEqual(BALANCE);
      expect(await ask(`${url}/own-filter/status/-6`)).toEqual(TEMPLATE);
    });

    it('applies overrides', async () => {
      expect(await ask(`${url}/own-filter/status/-3`)).toEqual(
        jsonAnswer(400, { ...(SENSITIVE.body as object), statusCode: 400, error: 'Bad Request' }),
      );
    });
  });

  describe('a SendSmsCommand as the body, with a ValidationPipe and toInputException', () => {
    const rejected = (message: string, field: string) => answerOf({ ...INVALID_COMMAND, message, field });

    it('reaches the handler as a command, without properties that it does not have', async () => {
      const sent = { to: [TO, { number: '+91 8563 21412', orderId: 'mine-1' }], content: 'hello' };
      expect(await ask(`${url}/command/ours`, { ...sent, admin: true })).toEqual(
        jsonAnswer(201, { isCommand: true, hasMore: false, ...sent }),
      );
    });

    it('is rejected with the wrong recipient', async () => {
      expect(await ask(`${url}/command/ours`, { to: [TO, 'nonsense', TO], content: 'hello' })).toEqual(
        rejected(`The SMS cannot be sent as it is: to[1] ${WRONG_NUMBER}`, 'to[1]'),
      );
    });

    it('is rejected with the wrong part of a recipient', async () => {
      const body = { to: [{ number: TO, orderId: 'a,b' }], content: 'hello' };
      const problem = 'must be text of 1 to 64 characters without commas, blanks or control characters';
      expect(await ask(`${url}/command/ours`, body)).toEqual(
        rejected(`The SMS cannot be sent as it is: to[0].orderId ${problem}`, 'to[0].orderId'),
      );
    });

    it('is rejected with the first of several fields', async () => {
      const long = 'x'.repeat(33);
      const problems = `to ${WRONG_NUMBER}; content must not be empty; senderId must have at most 32 characters`;
      expect(await ask(`${url}/command/ours`, { to: 'nonsense', content: '', senderId: long })).toEqual(
        rejected(`The SMS cannot be sent as it is: ${problems}`, 'to'),
      );
    });

    it('is rejected if it is empty', async () => {
      const problem = 'must be a phone number as text, or an object { number, orderId }';
      expect(await ask(`${url}/command/ours`, {})).toEqual(
        rejected(`The SMS cannot be sent as it is: to ${problem}; content must be text`, 'to'),
      );
    });

    it('is rejected with its place in a larger body', async () => {
      expect(await ask(`${url}/command/nested`, { sms: { to: [TO, 'nonsense'], content: 'hello' } })).toEqual(
        rejected(`The SMS cannot be sent as it is: sms.to[1] ${WRONG_NUMBER}`, 'sms.to[1]'),
      );
    });

    it.each(['admin', 'p', 'prop'])(
      'names a property "%s" that it does not have, where those are forbidden',
      async (name) => {
        const problem = `is rejected: property ${name} should not exist`;
        expect(await ask(`${url}/command/strict`, { to: TO, content: 'hello', [name]: 1 })).toEqual(
          rejected(`The SMS cannot be sent as it is: ${name} ${problem}`, name),
        );
      },
    );
  });

  describe('a SendSmsCommand as the body, with the default ValidationPipe', () => {
    it('is rejected like every other body, with the messages of the command', async () => {
      expect(await ask(`${url}/command/default`, { to: [TO, 'nonsense', TO], content: '' })).toEqual(
        jsonAnswer(400, {
          message: [`to[1] ${WRONG_NUMBER}`, 'content must not be empty'],
          error: 'Bad Request',
          statusCode: 400,
        }),
      );
    });

    it('reaches the handler if nothing is wrong', async () => {
      const sent = { to: TO, content: 'hello' };
      expect(await ask(`${url}/command/default`, sent)).toEqual(jsonAnswer(201, sent));
    });
  });
});

describe.each(PLATFORMS)('LaafficExceptionFilter as APP_FILTER on $platform', ({ adapter }) => {
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    @Controller('any')
    class AnyController extends Failing {}

    @Controller('others')
    class OthersController extends OtherFailures {}

    @Controller('behind-middleware')
    class BehindMiddlewareController extends Failing {}

    @Module({
      controllers: [AnyController, OthersController, BehindMiddlewareController],
      providers: [
        { provide: APP_FILTER, useClass: LaafficExceptionFilter },
        { provide: LAAFFIC_HTTP_STATUSES, useValue: { LAAFFIC_NOT_FOUND: 410 } },
      ],
    })
    class AppModule implements NestModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply(() => {
            throw exceptionOf(-15);
          })
          .forRoutes(BehindMiddlewareController);
      }
    }
    app = await listen(AppModule, adapter());
    url = await app.getUrl();
  });

  afterAll(async () => {
    await app.close();
  });

  it('responds for every controller', async () => {
    expect(await ask(`${url}/any/status/-10`)).toEqual(BALANCE);
    expect(await ask(`${url}/any/status/-15`)).toEqual(FREQUENT);
    expect(await ask(`${url}/any/async`)).toEqual(BALANCE);
  });

  it('applies the LAAFFIC_HTTP_STATUSES of the app', async () => {
    expect(await ask(`${url}/any/status/-24`)).toEqual(
      jsonAnswer(410, {
        statusCode: 410,
        message: 'The data do not exist',
        error: 'Gone',
        code: 'LAAFFIC_NOT_FOUND',
        outcome: 'rejected',
      }),
    );
  });

  it('leaves other exceptions alone:', async () => {
    expect(await ask(`${url}/others/error`)).toEqual(NEST_500);
    expect(await ask(`${url}/others/forbidden`)).toEqual(
      jsonAnswer(403, { statusCode: 403, message: 'not your list', error: 'Forbidden' }),
    );
  });

  it('responds to a failure of a middleware', async () => {
    expect(await ask(`${url}/behind-middleware/fine`)).toEqual(FREQUENT);
    expect(await ask(`${url}/any/fine`)).toEqual(jsonAnswer(200, { fine: true }));
  });
});

describe.each(PLATFORMS)('LaafficExceptionFilter for failures without a status, on $platform', ({ adapter }) => {
  const gateway = new Gateway();
  let app: INestApplication;
  let url: string;

  beforeAll(async () => {
    const baseUrl = await gateway.open();
    const unreachable = `http://127.0.0.1:${await freePort()}/v3`;
    @Module({
      imports: [
        LaafficModule.forRoot({ ...CREDENTIALS, baseUrl }),
        LaafficModule.forRoot({ ...CREDENTIALS, account: 'unreachable', baseUrl: unreachable }),
      ],
      controllers: [SendController],
      providers: [{ provide: Gateway, useValue: gateway }],
    })
    class AppModule {}
    app = await listen(AppModule, adapter());
    url = `${await app.getUrl()}/send`;
  });

  afterAll(async () => {
    await app.close();
    await gateway.close();
  });

  const BAD_GATEWAY = { http: 502, error: 'Bad Gateway', outcome: 'unknown' } as const;
  const GATEWAY_TIMEOUT = { http: 504, error: 'Gateway Timeout', outcome: 'unknown' } as const;

  it.each([
    {
      what: 'an unlisted status',
      path: '',
      content: '-99',
      answer: answerOf({
        ...BAD_GATEWAY,
        code: 'LAAFFIC_UNLISTED_STATUS',
        message: 'The SMS gateway responded with an unlisted status',
      }),
    },
    {
      what: 'an unreadable answer',
      path: '',
      content: 'say html',
      answer: answerOf({
        ...BAD_GATEWAY,
        code: 'LAAFFIC_UNREADABLE_RESPONSE',
        message: 'The response of the SMS gateway is not readable',
      }),
    },
    {
      what: 'a connection that was lost after writing',
      path: '',
      content: 'hang up',
      answer: answerOf({
        ...GATEWAY_TIMEOUT,
        code: 'LAAFFIC_CONNECTION_LOST',
        message: 'The connection to the SMS gateway was lost',
      }),
    },
    {
      what: 'a time-out',
      path: '/in-time',
      content: 'say nothing',
      answer: answerOf({
        ...GATEWAY_TIMEOUT,
        code: 'LAAFFIC_TIMEOUT',
        message: 'The SMS gateway did not respond in time',
      }),
    },
    {
      what: 'an abort after writing',
      path: '/aborted-after',
      content: 'say nothing',
      answer: answerOf({ ...GATEWAY_TIMEOUT, code: 'LAAFFIC_ABORTED', message: 'The call was aborted' }),
    },
    {
      what: 'an abort before writing',
      path: '/aborted-before',
      content: 'say nothing',
      answer: answerOf({
        ...UNAVAILABLE,
        outcome: 'rejected',
        code: 'LAAFFIC_ABORTED',
        message: 'The call was aborted',
      }),
    },
    {
      what: 'a gateway that was never connected',
      path: '/unreachable',
      content: 'say nothing',
      answer: answerOf({
        ...UNAVAILABLE,
        outcome: 'rejected',
        code: 'LAAFFIC_NOT_CONNECTED',
        message: 'The SMS gateway could not be reached',
      }),
    },
    {
      what: 'a recipient that was rejected without a status',
      path: '',
      content: 'reject the number',
      answer: answerOf({
        ...UNPROCESSABLE,
        code: 'LAAFFIC_RECIPIENT_REJECTED',
        message: 'The SMS gateway rejected the recipient',
        field: 'to',
      }),
    },
    {
      what: "a limit in front of the gateway, with that limit's own Retry-After",
      path: '',
      content: 'limit at the door',
      answer: { ...FREQUENT, retryAfterSeconds: '17', body: { ...(FREQUENT.body as object), retryAfterSeconds: 17 } },
    },
    { what: "the account's rejection", path: '', content: '-10', answer: BALANCE },
  ])('responds to $what', async ({ path, content, answer }) => {
    expect(await ask(`${url}${path}`, { to: TO, content })).toEqual(answer);
  });

  it("responds to the module's own validation with the field", async () => {
    expect(await ask(url, { to: [TO, 'nonsense'], content: 'hello' })).toEqual(
      answerOf({
        ...INVALID_COMMAND,
        message: `The SMS cannot be sent as it is: to[1] ${WRONG_NUMBER}`,
        field: 'to[1]',
      }),
    );
  });
});
