import { Agent, request } from 'node:http';
import { inspect } from 'node:util';
import { Module, type DynamicModule, type INestApplication, type LoggerService, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  LaafficWebhooksModule,
  OnDeliveryReport,
  OnInboundSms,
  OnUnreadablePush,
  type DeliveryReport,
  type InboundSms,
  type LaafficWebhooksOptions,
  type UnreadablePush,
} from 'nestjs-laaffic/webhooks';

export const SECRET = 'kQ3v9sXw2LpZ7tRb';

export const PLATFORMS: [string, () => ExpressAdapter | FastifyAdapter][] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

/** A handler for everything that keeps what it got. */
export class Inbox {
  readonly reports: DeliveryReport[] = [];
  readonly messages: InboundSms[] = [];
  readonly unreadable: UnreadablePush[] = [];

  @OnDeliveryReport()
  onReport(report: DeliveryReport) {
    this.reports.push(report);
  }

  @OnInboundSms()
  onMessage(sms: InboundSms) {
    this.messages.push(sms);
  }

  @OnUnreadablePush()
  onUnreadable(push: UnreadablePush) {
    this.unreadable.push(push);
  }

  clear() {
    for (const list of [this.reports, this.messages, this.unreadable]) list.length = 0;
  }
}

/** Keeps every line, with all that can be seen in objects that were logged. */
export class KeepingLogger implements LoggerService {
  readonly lines: string[] = [];
  readonly #keep =
    (level: string) =>
    (...parts: unknown[]) => {
      this.lines.push([level, ...parts.map((part) => (typeof part === 'string' ? part : inspect(part)))].join(' '));
    };
  log = this.#keep('log');
  warn = this.#keep('warn');
  error = this.#keep('error');
  debug = this.#keep('debug');
  verbose = this.#keep('verbose');
  fatal = this.#keep('fatal');
}

export interface ReceiverOptions {
  options?: Partial<LaafficWebhooksOptions>;
  webhooks?: DynamicModule;
  handlers?: Type[];
  controllers?: Type[];
  prepare?: (app: INestApplication) => unknown;
}

/** An app that takes pushes, listening. */
export async function startReceiver(
  adapter: ExpressAdapter | FastifyAdapter,
  { options, webhooks, handlers = [Inbox], controllers = [], prepare }: ReceiverOptions = {},
) {
  @Module({
    imports: [webhooks ?? LaafficWebhooksModule.forRoot({ secret: SECRET, ...options })],
    providers: handlers,
    controllers,
  })
  class AppModule {}

  const logger = new KeepingLogger();
  const app = await NestFactory.create(AppModule, adapter, { logger, abortOnError: false });
  await prepare?.(app);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    url,
    logger,
    inbox: handlers.includes(Inbox) ? app.get(Inbox, { strict: false }) : new Inbox(),
    push: (route: string, body: unknown, headers = {}, secret = SECRET) =>
      post(`${url}/laaffic/${secret}/${route}`, body, headers),
    close: () => app.close(),
  };
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });
afterAll(() => {
  agent.destroy();
});

/** What a server answered, all of it but the time. */
export interface Answer {
  status: number | undefined;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
}

/** Posts an object as the platform does, text and bytes as they are. */
export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const text = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const bytes = Buffer.isBuffer(text) ? text : Buffer.from(text);
  return new Promise((resolve, reject) => {
    const call = request(
      url,
      {
        agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json;charset=UTF-8',
          'user-agent': 'Java/1.8.0_232',
          'content-length': bytes.length,
          ...headers,
        },
      },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => {
          resolve({ status: answer.statusCode, headers: { ...answer.headers, date: undefined }, body: text });
        });
      },
    );
    call.on('error', reject);
    call.end(bytes);
  });
}

export const REPORT = {
  appId: '4luaKsL2',
  msgid: '2108241832571000001',
  mobile: '91856321412',
  status: 0,
  reason: '0',
  timestamp: 1629801177192,
  'orderId ': '21c6e1b1f5c6',
  pricedetail: { pay: '0.02', price: '0.01', chargeCnt: 2, currency: 'EUR' },
};

export const INBOUND = {
  msgid: '2108241840001000002',
  mobile: '91856321412',
  reply_time: '2021-08-24 18:32:57',
  content: 'STOP, please: 你好',
  sendid: '55501',
  mcc: 404,
  mnc: -1,
  operator: 'airtel',
  pricedetail: { pay: '0.01', price: '0.01', chargeCnt: 1, currency: 'EUR' },
};
