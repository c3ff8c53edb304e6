import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { call, post, send, signed } from '../../test/gateway-client.js';
import { PushReceiver } from '../../test/push-receiver.js';
import { run } from './run.js';

class Terminal {
  readonly stopping = new AbortController();
  readonly stop = this.stopping.signal;
  readonly version = '1.2.3';
  output = '';
  errors = '';
  #wake: () => void = () => undefined;

  out(text: string): void {
    this.output += text;
    this.#wake();
  }

  error(text: string): void {
    this.errors += text;
  }

  async shows(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.output))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return pattern.exec(this.output)?.[1] ?? '';
  }
}

const json = { 'Content-Type': 'application/json' };
let terminal: Terminal;
let exit: Promise<number> | null = null;

beforeEach(() => {
  terminal = new Terminal();
});

afterEach(async () => {
  terminal.stopping.abort();
  await exit;
  exit = null;
});

async function started(...argv: string[]): Promise<string> {
  exit = run(['--port', '0', ...argv], terminal);
  return terminal.shows(/(http:\/\/[\w.:/-]+)/);
}

function fresh(): Record<string, string> {
  return signed(Math.floor(Date.now() / 1000));
}

it('the command logs a line for each message and each rejected request', async () => {
  const url = await started('--price-per-segment', '0.05', '--balance', '0.1');
  await post(
    url,
    { ...send, numbers: '91856321412,12025550123', senderId: 'ACME', content: 'two\nlines\u001b[2J\u009b' },
    fresh(),
  );
  await post(url, send, fresh());
  await post(url, send, signed(1));
  await call(`${url}/nowhere`);
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`;
  const content = String.raw`"two\\nlines\\u001b\[2J\\u009b"`;
  expect(terminal.output.split('\n')).toEqual([
    `laaffic-sandbox 1.2.3 at ${url}`,
    expect.stringMatching(`^${time} \\d{19} 91856321412 from "ACME" ${content} 1 segment$`),
    expect.stringMatching(`^${time} \\d{19} 12025550123 from "ACME" ${content} 1 segment$`),
    expect.stringMatching(
      `^${time} status -10 The customer's balance is insufficient: the messages cost more than the balance of 0.000000$`,
    ),
    expect.stringMatching(`^${time} status -16 timestamp expires: Timestamp is \\d+ s behind the gateway$`),
    expect.stringMatching(`^${time} HTTP 404: there is no /v3/nowhere; sends go to /v3/sendSms$`),
    '',
  ]);
  terminal.stopping.abort();
  expect(await exit).toBe(0);
  await expect(call(url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('the command logs faults', async () => {
  const url = await started();
  const script = new URL('/_sandbox/script', url).href;
  const steps = [{ fault: 'cut-after-accepting' }, { fault: 'html' }];
  await call(script, { method: 'POST', headers: json, body: JSON.stringify(steps) });
  await expect(post(url, send, fresh())).rejects.toMatchObject({ code: 'ECONNRESET' });
  await post(url, send, fresh());
  const [, message, cut, html] = terminal.output.split('\n').map((line) => line.replace(/^\S+ /, ''));
  expect(message?.replace(/^\d+/, 'id')).toBe('id 91856321412 "hello world" 1 segment');
  expect(cut).toBe('cut: fault cut-after-accepting');
  expect(html).toBe('HTTP 502: fault html');
});

it('the command writes JSON lines with --json', async () => {
  const url = await started('--json', '--app-id', 'one', '--app-id', 'two', '--base-path', '/sms');
  await post(url, { ...send, appId: 'two', numbers: '91856321412,9990000009' }, fresh());
  expect(
    terminal.output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { event: 'listening', url: expect.stringMatching(/\/sms$/) as unknown },
    {
      event: 'message',
      msgId: expect.stringMatching(/^\d{19}$/) as unknown,
      number: '91856321412',
      orderId: null,
      content: 'hello world',
      senderId: null,
      appId: 'two',
      at: expect.any(Number) as unknown,
      segments: 1,
      price: '0.010000',
      requestId: 1,
    },
    {
      event: 'request',
      id: 1,
      at: expect.any(Number) as unknown,
      method: 'POST',
      path: '/sms/sendSms',
      outcome: 'responded',
      httpStatus: 200,
      status: '0',
      reason: 'success',
      explanation: '9990000009 asks for -9',
      fault: null,
      accepted: 1,
    },
  ]);
});

it('the command is quiet with -q and accepts a clock skew and credentials', async () => {
  const url = await started('-q', '--clock-skew-seconds=-3600', '--api-key', 'bDqJFiq9', '--api-secret', '7bz1lzh9');
  const { text } = await post(url, send, signed(Math.floor(Date.now() / 1000) - 3600));
  expect(JSON.parse(text)).toMatchObject({ status: '0' });
  expect(terminal.output).toBe(`laaffic-sandbox 1.2.3 at ${url}\n`);
});

it.each(['text', 'json'])('the command logs its pushes as %s', async (form) => {
  const customer = await PushReceiver.start();
  customer.responses = [200, 503];
  const addresses = ['--push-reports-to', customer.url, '--push-inbound-to', customer.url];
  const url = await started(
    ...addresses,
    '--queued-for-ms',
    '0',
    '--delivered-after-ms',
    '1',
    ...(form === 'json' ? ['--json'] : []),
  );
  await post(url, send, fresh());
  const msgId = await terminal.shows(/(?:push report |"msgid":")(\d{19})/);
  await call(new URL('/_sandbox/inbound-messages', url).href, {
    method: 'POST',
    headers: json,
    body: '{"from":"12025550123","content":"STOP"}',
  });
  await terminal.shows(/(given-up)/);
  const lines = terminal.output.trim().split('\n').slice(2);
  const shown = `${new URL(customer.url).origin}/***`;
  if (form === 'json') {
    expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        event: 'push',
        id: 1,
        kind: 'report',
        url: shown,
        outcome: 'acknowledged',
        body: { msgid: msgId },
        attempts: [{ httpStatus: 200 }],
      },
      { event: 'push', id: 2, kind: 'inbound', outcome: 'given-up', attempts: [{ httpStatus: 503 }] },
    ]);
  } else {
    expect(lines.map((line) => line.replace(/^\S+ /, ''))).toEqual([
      `push report ${msgId} to ${shown} acknowledged: HTTP 200`,
      expect.stringMatching(`^push inbound \\d{19} to ${shown.replaceAll('*', '\\*')} given-up: HTTP 503$`),
    ]);
  }
  await customer.close();
});

it.each([[[]], [['--json']]])(
  'the command never prints key, secret or the path of a push URL, with %j',
  async (more) => {
    const customer = await PushReceiver.start();
    const url = await started(
      '--api-secret',
      'hidden-secret',
      '--push-inbound-to',
      `${customer.url}/hidden-path`,
      ...more,
    );
    await post(url, send, fresh());
    const inbound = { from: '12025550123', content: 'hidden-secret bDqJFiq9' };
    const control = new URL('/_sandbox/inbound-messages', url).href;
    await call(control, { method: 'POST', headers: json, body: JSON.stringify(inbound) });
    await call(`${url}/hidden-secret/bDqJFiq9`);
    await terminal.shows(/(acknowledged)/);
    expect(terminal.output).toContain('Sign is not the MD5');
    expect(terminal.output).not.toMatch(/hidden-|bDqJFiq9/);
    await customer.close();
  },
);

const hostile = [
  'line\r\nbreaks \u0085 \u2028 \u2029',
  'escapes \u001b[2J \u001b]8;;http://evil.example\u0007 \u009b31m \u009d0;title\u009c \u0000 \u007f',
  'directions \u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069',
  'hidden \u00ad\u200b\u2060\ufeff\ufff9\u{e0041} \ud800',
];

it.each([[[]], [['--json']]])('the command escapes what clients send, with %j', async (more) => {
  const url = await started('--app-id', '4luaKsL2', ...more);
  for (const text of hostile) {
    await post(url, { ...send, content: text, senderId: text.slice(0, 20), orderId: text }, fresh());
    await post(url, { ...send, appId: text, numbers: text }, fresh());
    await post(url, { ...send, numbers: `${text},${send.numbers}` }, fresh());
    await post(url, send, { ...fresh(), 'Content-Type': 'text/\u0085\u009b' });
  }
  await call(url, { headers: { Host: 'evil\u009b.example' } });
  const lines = terminal.output.split('\n');
  // The first line, one for each message, one for each rejected request, the blocked host, and the end.
  expect(lines).toHaveLength(1 + hostile.length * 5 + 1 + 1);
  expect(lines.filter((line) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(line))).toEqual([]);
  expect(terminal.output).toContain('\\u202e');
  expect(terminal.output).toContain('\\udb40\\udc41');
  if (more.length > 0) for (const line of lines.slice(0, -1)) expect(JSON.parse(line)).toHaveProperty('event');
});

it('the command does not escape emoji and Persian', async () => {
  const url = await started();
  await post(url, { ...send, content: '👨\u200d👩 می\u200cخواهم' }, fresh());
  expect(terminal.output).toContain('"👨\u200d👩 می\u200cخواهم"');
});

it('the command logs blocked requests and serves its allowed hosts', async () => {
  const url = await started('--allowed-host', 'sandbox', '--allowed-host', 'gateway');
  const Host = 'gateway:9710';
  expect((await call(`${url}/getBalance`, { headers: { Host } })).httpStatus).toBe(200);
  expect((await call(`${url}/getBalance?secret=1`, { headers: { Host: 'other' } })).httpStatus).toBe(403);
  expect((await call(`${url}/getBalance`, { headers: { Origin: 'http://evil.example' } })).httpStatus).toBe(403);
  expect(
    terminal.output
      .trim()
      .split('\n')
      .slice(2)
      .map((line) => line.replace(/^\S+ /, '')),
  ).toEqual([
    'HTTP 403 to GET /v3/getBalance: "other" is not a host of this sandbox. If it is yours, start the sandbox with ' +
      '--allowed-host <name> or the option allowedHosts',
    'HTTP 403 to GET /v3/getBalance: A web page of "http://evil.example" must not use this sandbox',
  ]);
});

it('--allowed-push-url lets pushes be set over HTTP', async () => {
  const allowed = 'http://127.0.0.1:3000/reports';
  const url = await started('--allowed-push-url', allowed);
  const statusOf = async (pushReportsTo: string) => {
    const body = JSON.stringify({ pushReportsTo });
    return (await call(new URL('/_sandbox/options', url).href, { method: 'PATCH', headers: json, body })).httpStatus;
  };
  expect(await statusOf(allowed)).toBe(200);
  expect(await statusOf(`${allowed}/other`)).toBe(400);
});

it('the command pushes to the URL of each app id and to allowed hosts', async () => {
  const given = ['--push-reports-to', 'shop=http://service:3000/a?b=c', '--push-reports-to', 'desk=http://127.0.0.1/'];
  const url = await started('--app-id', 'shop', '--app-id', 'desk', '--allowed-push-host', 'service', ...given);
  const { options } = JSON.parse((await call(new URL('/_sandbox', url).href)).text) as { options: object };
  expect(options).toMatchObject({
    pushReportsTo: { shop: 'http://service:3000/***', desk: 'http://127.0.0.1/***' },
    allowedPushHosts: ['service'],
  });
});

it('--config shows nothing of a file that is not JSON', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'laaffic-sandbox-')), 'options.json');
  writeFileSync(file, '{"apiSecret":"hidden-secret"x}');
  expect(await run(['--config', file], terminal)).toBe(2);
  expect(terminal.errors).toBe(
    `laaffic-sandbox: --config ${file} must contain a JSON object of options (see --help)\n`,
  );
});

it('the command escapes stderr too', async () => {
  expect(await run(['--\u001b[2J\nforged', 'x'], terminal)).toBe(2);
  expect(terminal.errors).toBe("laaffic-sandbox: Unknown option '--\\u001b[2J\\u000aforged' (see --help)\n");
});

it('--config reads options from a file, and flags win over it', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'laaffic-sandbox-')), 'options.json');
  writeFileSync(file, JSON.stringify({ port: 1, basePath: '/sms', quirks: { orderIdEcho: 'empty' } }));
  const url = await started('--config', file);
  expect(url).toMatch(/\/sms$/);
  expect(JSON.parse((await post(url, send, fresh())).text)).toMatchObject({ array: [{ orderId: '' }] });
});

it('--config accepts an object only', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'laaffic-sandbox-')), 'options.json');
  writeFileSync(file, '[]');
  expect(await run(['--config', file], terminal)).toBe(2);
  expect(terminal.errors).toBe(
    `laaffic-sandbox: --config ${file} must contain a JSON object of options (see --help)\n`,
  );
});

it('the command shows help and version', async () => {
  expect(await run(['--version'], terminal)).toBe(0);
  expect(await run(['--help'], terminal)).toBe(0);
  expect(terminal.output).toMatch(/^1\.2\.3\nlaaffic-sandbox: a Laaffic SMS gateway on this machine\n/);
});

it.each([
  [['--prot', '1'], "laaffic-sandbox: Unknown option '--prot' (see --help)\n"],
  [
    ['now'],
    "laaffic-sandbox: Unexpected argument 'now'. This command does not take positional arguments (see --help)\n",
  ],
  [['--port'], "laaffic-sandbox: Option '-p, --port <value>' argument missing (see --help)\n"],
  [['--port', 'x'], 'laaffic-sandbox: --port must be a whole number, not "x" (see --help)\n'],
  [['--port', '70000'], 'laaffic-sandbox: port must be a whole number from 0 to 65535 (see --help)\n'],
  [
    ['--clock-skew-seconds=1.5'],
    'laaffic-sandbox: --clock-skew-seconds must be a whole number, not "1.5" (see --help)\n',
  ],
  [
    ['--balance', 'much'],
    'laaffic-sandbox: balance must be an amount such as 99.99, at most 999999999.999999 (see --help)\n',
  ],
  [
    ['--push-reports-to', 'http://example.com/'],
    'laaffic-sandbox: pushReportsTo must name this machine or a host of allowedPushHosts (--allowed-push-host) (see --help)\n',
  ],
  [
    ['--push-reports-to', 'http://127.0.0.1/', '--push-reports-to', 'http://127.0.0.2/'],
    'laaffic-sandbox: --push-reports-to must be one URL, or <app id>=<url> for each app (see --help)\n',
  ],
  [['--queued-for-ms', 'x'], 'laaffic-sandbox: --queued-for-ms must be a whole number, not "x" (see --help)\n'],
  [
    ['--delivered-after-ms=-1'],
    'laaffic-sandbox: deliveredAfterMs must be a whole number of at least 0 or null (see --help)\n',
  ],
  [
    ['--config', '/nowhere.json'],
    "laaffic-sandbox: --config /nowhere.json: Error: ENOENT: no such file or directory, open '/nowhere.json' (see --help)\n",
  ],
])('the command exits with 2 for %p', async (argv, message) => {
  expect(await run(argv, terminal)).toBe(2);
  expect(terminal).toMatchObject({ output: '', errors: message });
});

it('the command exits with 1 if the port is taken', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await run(['--port', String(port)], terminal)).toBe(1);
  expect(terminal.errors).toBe(
    `laaffic-sandbox: Port ${port} on 127.0.0.1 is taken. Choose another one, or 0 for a free one\n`,
  );
  server.close();
});
