import type { LoggerService } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Client } from 'pg';
import { readConfiguration } from '../../src/configuration.js';
import { createApp } from '../../src/create-app.js';
import { GatewayAccount } from '../../src/gateway/gateway.account.js';

export const SECRET = 'a-secret-of-my-own-0123';
export const MESSAGE = { to: '91856321412', content: 'Your code is 482913' };

/** The response for an id that is not known. */
export const NOT_FOUND = {
  statusCode: 404,
  message: 'Nothing with this id is known',
  error: 'Not Found',
  code: 'OUTBOX_NOT_FOUND',
  outcome: 'rejected',
};

/** The response to a request with an invalid field. */
export const invalidField = (message: unknown, field: string) => ({
  statusCode: 400,
  message,
  error: 'Bad Request',
  code: 'LAAFFIC_INVALID_COMMAND',
  outcome: 'rejected',
  field,
});

export class KeepingLogger implements LoggerService {
  readonly lines: unknown[] = [];
  private readonly keep = (...parts: unknown[]) => {
    this.lines.push(parts);
  };
  log = this.keep;
  error = this.keep;
  warn = this.keep;
  debug = this.keep;
  verbose = this.keep;
  fatal = this.keep;
}

/** What is known of one recipient. */
export interface RecipientJson {
  readonly position: number;
  readonly number: string;
  readonly orderId: string;
  readonly msgId: string;
  readonly state: string;
  readonly sentAt: string;
}

/** What bodies of the API may have, together: each has some of it. */
export interface Json extends RecipientJson {
  readonly id: string;
  readonly reference?: string;
  readonly onUnconfirmed?: string;
  readonly status: string;
  readonly location: string;
  readonly code: string;
  readonly message: string;
  readonly accepted: readonly RecipientJson[];
  readonly recipients: readonly RecipientJson[];
  readonly total: number;
  readonly progress: Readonly<Record<string, number>>;
  readonly campaigns: readonly { readonly id: string; readonly name: string }[];
  readonly before: string;
}

/** An answer; its body is empty if it was no JSON. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Json;
}

export type Service = Awaited<ReturnType<typeof startService>>;

/** The service as an instance on loopback, and its API by HTTP. */
export async function startService(env: NodeJS.ProcessEnv) {
  const logger = new KeepingLogger();
  const configuration = readConfiguration({ WEBHOOK_SECRET: SECRET, ...env });
  const app: NestExpressApplication = await createApp(configuration, logger);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  let closing: Promise<void> | undefined;
  const ask = async (path: string, init?: RequestInit): Promise<Answer> => {
    const answer = await fetch(url + path, init);
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true;
    const body = (isJson ? JSON.parse(text) : {}) as Json;
    return { status: answer.status, headers: answer.headers, text, body: withoutRequestId(body, answer) };
  };
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    ask(path, {
      method: 'POST',
      headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    app,
    url,
    logger,
    ask,
    post,
    get: (path: string, headers: Record<string, string> = {}) => ask(path, { headers }),
    send: (body: unknown, headers: Record<string, string> = {}) => post('/v1/messages', body, headers),
    sandbox: app.get(GatewayAccount, { strict: false }).sandbox,
    close: () => (closing ??= app.close()),
  };
}

/** Checks that an error has the id of its request, and removes it, so that tests can compare the rest. */
function withoutRequestId(body: Json, { status, headers, url }: Response): Json {
  const { pathname } = new URL(url);
  if (status < 400 || pathname.startsWith('/health') || pathname.startsWith('/laaffic/')) return body;
  const { requestId, ...rest } = body as Json & { readonly requestId?: string };
  expect(requestId).toBe(headers.get('x-request-id'));
  return rest;
}

/** Starts instances for one test each: what a test that failed has left running would send the next one's messages. */
export function instancesOfATest(): typeof startService {
  const running: Service[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((instance) => instance.close()));
  });
  return async (env) => {
    const instance = await startService(env);
    running.push(instance);
    return instance;
  };
}

/** One statement in the ledger's schema. */
export async function sql(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client(url);
  await client.connect();
  try {
    await client.query('set search_path to laaffic_outbox');
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}
