import { Module } from '@nestjs/common';
import { WebhookMetrics } from 'nestjs-laaffic/webhooks';
import { INBOUND, PLATFORMS, post, REPORT, SECRET, startReceiver, type ReceiverOptions } from './receiver.js';

const WRONG = 'kQ3v9sXw2LpZ7tRc';
@Module({})
class Nothing {}

const OTHER = 'another-secret-0123456789';

describe.each(PLATFORMS)('on %s', (_platform, adapter) => {
  const open: { close: () => Promise<unknown> }[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((receiver) => receiver.close()));
  });
  async function start(options: ReceiverOptions = {}) {
    const receiver = await startReceiver(adapter(), options);
    open.push(receiver);
    return receiver;
  }

  /** An app, and one that does not have the module. */
  async function both(options: ReceiverOptions = {}) {
    // First, for the logger of the last app is that of all.
    const bare = await start({ webhooks: { module: Nothing } });
    const receiver = await start(options);
    const answers = (path: string, body: unknown, headers = {}) =>
      Promise.all([receiver, bare].map(({ url }) => post(url + path, body, headers)));
    return { bare, receiver, answers };
  }

  it.each<[string, string, unknown, object]>([
    ['a wrong secret', `/laaffic/${WRONG}/reports`, REPORT, {}],
    ['a wrong secret for messages', `/laaffic/${WRONG}/inbound`, INBOUND, {}],
    ['half a secret', `/laaffic/${SECRET.slice(0, 8)}/reports`, REPORT, {}],
    ['the secret and more', `/laaffic/${SECRET}x/reports`, REPORT, {}],
    ['the secret escaped', `/laaffic/%6B${SECRET.slice(1)}/reports`, REPORT, {}],
    ['the secret twice', `/laaffic/${SECRET}/${SECRET}/reports`, REPORT, {}],
    ['no secret', '/laaffic//reports', REPORT, {}],
    ['the secret in the query', `/laaffic/x/reports?secret=${SECRET}`, REPORT, {}],
    ['the whole route in the query', `/laaffic/x/reports?/laaffic/${SECRET}/reports`, REPORT, {}],
    ['the route after a query', `/laaffic/x?/laaffic/${SECRET}/reports`, REPORT, {}],
    ['another last part', `/laaffic/${SECRET}/elsewhere`, REPORT, {}],
    ['a broken escape', `/laaffic/%zz${WRONG}/reports`, REPORT, {}],
    ['a body that is no JSON', `/laaffic/${WRONG}/reports`, '{"msgid":', {}],
    ['a body of another type', `/laaffic/${WRONG}/reports`, '<p>', { 'content-type': 'text/html' }],
    ['a body that is far too long', `/laaffic/${WRONG}/reports`, JSON.stringify('x'.repeat(90_000)), {}],
  ])('%s gets the response of an unknown route', async (_name, path, body, headers) => {
    const { receiver, answers } = await both({ options: { maxBodyBytes: 1000 } });
    const { inbox, app, logger } = receiver;
    const [answer, unknown] = await answers(path, body, headers);
    expect(answer).toEqual(unknown);
    expect(answer!.status).toBeGreaterThanOrEqual(400);
    expect(inbox).toEqual({ reports: [], messages: [], unreadable: [] });
    expect(app.get(WebhookMetrics)).toEqual(new WebhookMetrics());
    expect(logger.lines.join('\n')).not.toContain(SECRET);
  });

  it('an unknown route gets 404 with its path', async () => {
    const { url } = await start();
    const answer = await post(`${url}/laaffic/${WRONG}/reports`, REPORT);
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body)).toEqual({
      statusCode: 404,
      message: `Cannot POST /laaffic/${WRONG}/reports`,
      error: 'Not Found',
    });
  });

  it.each(['GET', 'PUT', 'DELETE', 'OPTIONS', 'HEAD'])('%s gets the response of an unknown route', async (method) => {
    const { receiver, bare } = await both();
    const [answer, unknown] = await Promise.all(
      [receiver, bare].map(async ({ url }) => {
        const response = await fetch(`${url}/laaffic/${SECRET}/reports`, { method });
        return [response.status, await response.text()];
      }),
    );
    expect(answer).toEqual(unknown);
    expect(answer![0]).toBe(404);
  });

  it('every secret of the list is valid, so that one can be replaced without a gap', async () => {
    const { push } = await start({ options: { secret: undefined, secrets: [SECRET, `${OTHER}\n`] } });
    const secrets = [SECRET, OTHER, WRONG];
    const answers = await Promise.all(secrets.map((secret) => push('reports', REPORT, {}, secret)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404]);
  });

  it.each<[string, ReceiverOptions['options'], string | undefined, number]>([
    ['the address of the socket', { allowedIps: ['127.0.0.1'] }, undefined, 200],
    ['its range', { allowedIps: ['2001:db8::/32', '127.0.0.0/8'] }, undefined, 200],
    ['its mapped form', { allowedIps: ['::ffff:127.0.0.1'] }, undefined, 200],
    ['another address', { allowedIps: ['203.0.113.7'] }, undefined, 404],
    ['another address, and a header that is not trusted', { allowedIps: ['203.0.113.7'] }, '203.0.113.7', 404],
    ['the right address, and a header that is not trusted', { allowedIps: ['127.0.0.1'] }, '203.0.113.7', 200],
    ['what the proxy heard', { allowedIps: ['203.0.113.7'], trustProxy: 1 }, '203.0.113.7', 200],
    ['an IPv6 address with port', { allowedIps: ['2001:db8::/32'], trustProxy: 1 }, '[2001:db8::7]:4711', 200],
    [
      'what the sender wrote left of it',
      { allowedIps: ['203.0.113.7'], trustProxy: 1 },
      '203.0.113.7, 198.51.100.1',
      404,
    ],
    ['what the outer of two heard', { allowedIps: ['203.0.113.7'], trustProxy: 2 }, '203.0.113.7, 10.0.0.2', 200],
    [
      'a header written before two proxies',
      { allowedIps: ['203.0.113.7'], trustProxy: 2 },
      '203.0.113.7, 198.51.100.1, 10.0.0.2',
      404,
    ],
    ['fewer entries than proxies', { allowedIps: ['203.0.113.7'], trustProxy: 2 }, '203.0.113.7', 404],
    ['no header where there should be one', { allowedIps: ['127.0.0.1'], trustProxy: 1 }, undefined, 404],
    ['a header that is no address', { allowedIps: ['0.0.0.0/0', '::/0'], trustProxy: 1 }, 'unknown', 404],
  ])('an IP list decides: %s', async (_name, options, forwardedFor, expected) => {
    const { receiver, answers } = await both({ options: options! });
    const { inbox, app, logger } = receiver;
    const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
    const [answer, unknown] = await answers(`/laaffic/${SECRET}/reports`, REPORT, headers);
    expect(answer!.status).toBe(expected);
    expect(JSON.stringify(answer) === JSON.stringify(unknown)).toBe(expected === 404);
    expect(inbox.reports).toHaveLength(expected === 200 ? 1 : 0);
    expect(app.get(WebhookMetrics).rejected).toBe(expected === 404 ? 1 : 0);
    const warning = 'warn A push with a valid secret came from an address that is not in allowedIps LaafficWebhooks';
    expect(logger.lines.filter((line) => line.startsWith('warn A push'))).toEqual(expected === 404 ? [warning] : []);
  });
});
