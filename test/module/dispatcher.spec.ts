import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, interceptors, MockAgent, RetryAgent } from 'undici';
import { LaafficOptionsError, type LaafficOptions, type RequestDispatcher } from 'nestjs-laaffic';
import { until } from '../until.js';
import { client, failureOf, sandboxAndClient } from './account.js';

const SMS = { to: '91856321412', content: 'hello world' };
const ACCEPTED = '{"status":"0","success":"1","fail":"0","array":[{"msgId":"7","number":"91856321412"}]}';
/** Retries sends too, at once: an app would do this by mistake only. */
const RETRIES = {
  methods: ['GET', 'POST'] as ('GET' | 'POST')[],
  statusCodes: [302, 500, 502, 503],
  minTimeout: 1,
  maxTimeout: 1,
  maxRetries: 3,
};
const METHODS = ['POST', 'GET'] as const;

const retrying = (agent: Agent): [string, RequestDispatcher][] => [
  ['the retry interceptor', agent.compose(interceptors.retry(RETRIES))],
  ['RetryAgent', new RetryAgent(agent, RETRIES)],
];
const RETRYING = ['the retry interceptor', 'RetryAgent'];

const fixture = sandboxAndClient();
let agent: Agent;
const open: { close: () => Promise<unknown> }[] = [];

beforeEach(() => {
  agent = new Agent();
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  await agent.destroy();
});

async function smsOver(dispatcher: RequestDispatcher, options: Partial<LaafficOptions> = {}) {
  const app = await client({ baseUrl: fixture.sandbox.url, ...options, connection: { dispatcher } });
  open.push(app);
  return app.sms;
}

function retryingDispatcher(name: string): RequestDispatcher {
  return new Map(retrying(agent)).get(name)!;
}

/** A gateway of one test, and the requests that reached it. */
async function startGateway(listener: RequestListener) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume().on('end', () => {
      listener(request, response);
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  open.push({
    close: async () => {
      server.close().closeAllConnections();
      await once(server, 'close');
    },
  });
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v3` };
}

/** Longer than a retry of {@link RETRIES} would need. */
const afterRetries = () => new Promise((resolve) => setTimeout(resolve, 50));

describe('connection.dispatcher', () => {
  it.each(METHODS)('sends over an Agent by %s', async (method) => {
    const connected = jest.fn();
    agent.on('connect', connected);
    const sms = await smsOver(agent);
    expect((await sms.send(SMS, { method })).accepted).toHaveLength(1);
    expect(fixture.sandbox.messages).toHaveLength(1);
    expect(connected).toHaveBeenCalledTimes(1);
  });

  it('queries over an Agent', async () => {
    const sms = await smsOver(agent);
    expect((await sms.getBalance()).balance).toMatch(/^\d+/);
  });

  it('is not closed with the app', async () => {
    const app = await client({ baseUrl: fixture.sandbox.url, connection: { dispatcher: agent } });
    await app.sms.send(SMS);
    await app.close();
    expect(agent.closed).toBe(false);
    expect(agent.destroyed).toBe(false);
    const next = await smsOver(agent);
    expect((await next.send(SMS)).accepted).toHaveLength(1);
  });

  it('gets no request after the app has closed', async () => {
    const dispatch = jest.spyOn(agent, 'dispatch');
    const app = await client({ baseUrl: fixture.sandbox.url, connection: { dispatcher: agent } });
    await app.close();
    expect(await failureOf(app.sms.send(SMS))).toMatchObject({ outcome: 'rejected', reason: 'CLOSED' });
    expect(dispatch).not.toHaveBeenCalled();
  });

  it('takes more requests at once than the module would have connections', async () => {
    const sms = await smsOver(agent);
    const receipts = await Promise.all(Array.from({ length: 100 }, () => sms.send(SMS)));
    expect(receipts.flatMap(({ accepted }) => accepted)).toHaveLength(100);
  });

  it('can be a MockAgent', async () => {
    const mock = new MockAgent();
    mock.disableNetConnect();
    const bodies: unknown[] = [];
    mock
      .get('https://api.laaffic.com')
      .intercept({ path: '/v3/sendSms', method: 'POST' })
      .reply(200, ({ body }) => {
        bodies.push(JSON.parse(body as string));
        return ACCEPTED;
      });
    const app = await client({ connection: { dispatcher: mock } });
    open.push(app, mock);
    const { accepted } = await app.sms.send(SMS);
    expect(accepted).toEqual([expect.objectContaining({ number: '91856321412', msgId: '7' })]);
    expect(bodies).toEqual([expect.objectContaining({ numbers: '91856321412', content: 'hello world' })]);
    mock.assertNoPendingInterceptors();
  });

  it('that cannot connect leaves the message unsent', async () => {
    const sms = await smsOver(agent, { baseUrl: 'http://127.0.0.1:1/v3' });
    expect(await failureOf(sms.send(SMS))).toMatchObject({
      code: 'LAAFFIC_NOT_CONNECTED',
      outcome: 'rejected',
      reason: 'ECONNREFUSED',
    });
  });

  it('that throws leaves the message unsent', async () => {
    const cause = new TypeError('no route');
    const sms = await smsOver({
      dispatch: () => {
        throw cause;
      },
    });
    expect(await failureOf(sms.send(SMS))).toMatchObject({ code: 'LAAFFIC_NOT_CONNECTED', outcome: 'rejected', cause });
  });

  it('is left when a call times out', async () => {
    fixture.sandbox.script({ fault: 'hang-after-accepting' });
    const sms = await smsOver(agent);
    expect(await failureOf(sms.send(SMS, { timeoutMs: 60 }))).toMatchObject({
      code: 'LAAFFIC_TIMEOUT',
      outcome: 'unknown',
    });
    expect((await sms.send(SMS)).accepted).toHaveLength(1);
    expect(fixture.sandbox.messages).toHaveLength(2);
  });

  it('is left when a call is aborted', async () => {
    fixture.sandbox.script({ fault: 'hang-after-accepting' });
    const sms = await smsOver(agent);
    const abort = new AbortController();
    const sent = failureOf(sms.send(SMS, { signal: abort.signal }));
    await until(() => fixture.sandbox.messages.length === 1);
    abort.abort(new Error('the user left'));
    expect(await sent).toMatchObject({ code: 'LAAFFIC_ABORTED', outcome: 'unknown' });
  });

  it('does not get a call that was aborted before', async () => {
    const dispatch = jest.spyOn(agent, 'dispatch');
    const sms = await smsOver(agent);
    expect(await failureOf(sms.send(SMS, { signal: AbortSignal.abort() }))).toMatchObject({
      code: 'LAAFFIC_ABORTED',
      outcome: 'rejected',
    });
    expect(dispatch).not.toHaveBeenCalled();
  });

  it('asks shouldSend right before it writes', async () => {
    const sms = await smsOver(agent);
    expect(await failureOf(sms.send(SMS, { shouldSend: () => false }))).toMatchObject({
      code: 'LAAFFIC_SEND_PREVENTED',
      outcome: 'rejected',
    });
    expect(fixture.sandbox.requests).toEqual([]);
  });
});

describe.each(RETRYING)('a dispatcher with %s', (name) => {
  describe.each(METHODS)('and %s', (method) => {
    it('sends once if the connection is cut after the gateway accepted', async () => {
      fixture.sandbox.script({ fault: 'cut-after-accepting' });
      const sms = await smsOver(retryingDispatcher(name));
      expect(await failureOf(sms.send(SMS, { method }))).toMatchObject({
        code: 'LAAFFIC_CONNECTION_LOST',
        outcome: 'unknown',
      });
      await afterRetries();
      expect(fixture.sandbox.messages).toHaveLength(1);
      expect(fixture.sandbox.requests).toHaveLength(1);
    });

    it('sends once if the response is cut', async () => {
      const gateway = await startGateway((_, response) => {
        response.writeHead(200, { 'content-length': ACCEPTED.length, etag: '"1"' });
        response.write(ACCEPTED.slice(0, 20), () => response.destroy());
      });
      const sms = await smsOver(retryingDispatcher(name), { baseUrl: gateway.url });
      expect(await failureOf(sms.send(SMS, { method }))).toMatchObject({
        code: 'LAAFFIC_CONNECTION_LOST',
        outcome: 'unknown',
      });
      await afterRetries();
      expect(gateway.requests).toHaveLength(1);
    });

    it('sends once if the gateway responds with HTTP 503', async () => {
      const gateway = await startGateway((_, response) => response.writeHead(503).end('busy'));
      const sms = await smsOver(retryingDispatcher(name), { baseUrl: gateway.url });
      expect(await failureOf(sms.send(SMS, { method }))).toMatchObject({ outcome: 'unknown' });
      await afterRetries();
      expect(gateway.requests).toHaveLength(1);
    });
  });

  it('sends once if it succeeds', async () => {
    const sms = await smsOver(retryingDispatcher(name));
    expect((await sms.send(SMS)).accepted).toHaveLength(1);
    expect(fixture.sandbox.messages).toHaveLength(1);
  });
});

describe('a dispatcher with the redirect interceptor', () => {
  describe.each(METHODS)('and %s', (method) => {
    it.each([301, 302, 303, 307, 308])('does not follow HTTP %i', async (status) => {
      const gateway = await startGateway((_, response) => {
        response.writeHead(status, { location: '/v3/sendSms', 'content-type': 'text/html' }).end('moved');
      });
      const sms = await smsOver(agent.compose(interceptors.redirect({ maxRedirections: 3 })), {
        baseUrl: gateway.url,
      });
      expect(await failureOf(sms.send(SMS, { method }))).toMatchObject({
        code: 'LAAFFIC_UNREADABLE_RESPONSE',
        outcome: 'unknown',
        reason: `HTTP ${status}, text/html, 5 characters`,
      });
      expect(gateway.requests).toHaveLength(1);
    });
  });
});

describe('the option connection.dispatcher', () => {
  const rejected = async (connection: unknown) => {
    const error = await failureOf(client({ connection: connection as LaafficOptions['connection'] }));
    expect(error).toBeInstanceOf(LaafficOptionsError);
    return (error as LaafficOptionsError).problems;
  };

  it.each([
    ['proxy', 'http://127.0.0.1:3128'],
    ['tls', {}],
    ['maxConnections', 4],
    ['connectTimeoutMs', 100],
    ['keepAliveTimeoutMs', 100],
  ])('is rejected at boot together with %s', async (field, value) => {
    expect(await rejected({ dispatcher: new Agent(), [field]: value })).toEqual([
      `connection.dispatcher has its own connections; leave out ${field}`,
    ]);
  });

  it.each([
    ['text', 'agent'],
    ['a number', 1],
    ['an object without dispatch', {}],
    ['an object whose dispatch is no function', { dispatch: 1 }],
  ])('is rejected at boot if it is %s', async (_, dispatcher) => {
    expect(await rejected({ dispatcher })).toEqual(['connection.dispatcher must have the method dispatch']);
  });

  it.each([undefined, null, ''])('counts %j as not given', async (dispatcher) => {
    const app = await client({
      baseUrl: fixture.sandbox.url,
      connection: { dispatcher, maxConnections: 1 } as unknown as LaafficOptions['connection'],
    });
    open.push(app);
    expect((await app.sms.send(SMS)).accepted).toHaveLength(1);
  });
});
