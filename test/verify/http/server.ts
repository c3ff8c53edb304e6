import { randomBytes } from 'node:crypto';
import { Logger, Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import { NestFactory, type AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LaafficSandbox } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficVerifyModule, type LaafficVerifyOptions } from 'nestjs-laaffic-verify';
import { ACCOUNT } from '../../module/account.js';
import { startDatabase, type TestDatabase } from '../../outbox/database.js';
import { until } from '../../until.js';

export const PLATFORMS: readonly (readonly [string, () => AbstractHttpAdapter])[] = [
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
];

/** Headers that belong to the connection or the platform. */
const NOT_OURS = /^(?:connection|content-length|date|etag|keep-alive|transfer-encoding|x-powered-by)$/;

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A database, a sandbox, and apps with verification on them. */
export class Server {
  #app: INestApplication | undefined;
  #url = '';
  #next = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly sandbox: LaafficSandbox,
  ) {}

  static async set(): Promise<Server> {
    return new Server(await startDatabase(), await LaafficSandbox.start());
  }

  /** Starts an app in place of the one before. */
  async start(
    adapter: AbstractHttpAdapter,
    metadata: ModuleMetadata,
    options: Partial<LaafficVerifyOptions> = {},
    configure: (app: INestApplication) => void = () => undefined,
  ): Promise<INestApplication> {
    await this.stop();
    const verify = {
      ...{ keys: [randomBytes(32)], countries: ['GB'], expectedPerDay: 1_000, app: 'Example', domain: 'example.com' },
      ...options,
    };
    @Module({
      ...metadata,
      imports: [
        LaafficModule.forRoot({ ...ACCOUNT, baseUrl: this.sandbox.url, isGlobal: true }),
        LaafficOutboxModule.forRoot({ database: this.database.url, sealKeys: [randomBytes(32)], isGlobal: true }),
        LaafficVerifyModule.forRoot({ ...verify, isGlobal: true }),
        ...(metadata.imports ?? []),
      ],
    })
    class App {}
    Logger.overrideLogger(false);
    this.#app = await NestFactory.create(App, adapter, { logger: false, abortOnError: false });
    configure(this.#app);
    await this.#app.listen(0, '127.0.0.1');
    this.#url = await this.#app.getUrl();
    return this.#app;
  }

  /** A request, and what the app itself put into the response. */
  async ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const response = await fetch(this.#url + path, { method, headers: { ...type, ...headers }, ...content });
    const own = [...response.headers].filter(([name]) => !NOT_OURS.test(name));
    return {
      status: response.status,
      headers: Object.fromEntries(own),
      body: (await response.json()) as Record<string, unknown>,
    };
  }

  post(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask('POST', path, body, headers);
  }

  /** A number that no test has used. They are in ranges of their own, which are not suspicious. */
  newNumber(): string {
    this.#next += 1;
    return `+4474${String(10 + (this.#next % 80))}${String(100_000 + 1_009 * this.#next).slice(-6)}`;
  }

  /** The code that the phone of a number has received. */
  async codeOn(number: string, count = 1): Promise<string> {
    const messages = await until(
      () => this.sandbox.messages.filter((message) => `+${message.number}` === number),
      (found) => found.length >= count,
    );
    return /@example\.com #(\d+)$/.exec(messages.at(-1)!.content)?.[1] ?? '';
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.sandbox.close();
    await this.database.close();
  }
}

export function wrongFor(code: string): string {
  return code === '000000' ? '000001' : '000000';
}

export const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8' };
export const NO_STORE = { ...JSON_HEADERS, 'cache-control': 'no-store' };

/** The body of an error, in the form of all errors. */
export function errorBody(statusCode: number, error: string, code: string, message: string, more: object = {}): object {
  return { statusCode, message, error, code, outcome: 'rejected', ...more };
}

export const OVER = errorBody(410, 'Gone', 'VERIFY_OVER', 'This verification is over');
