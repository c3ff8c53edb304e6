import { writeFileSync } from 'node:fs';
import { LaafficSandbox } from 'laaffic-sandbox';
import { laaffic, temporaryFolder, type Circumstances } from './terminal.js';
import { freePort } from '../free-port.js';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';

const folder = temporaryFolder();

let sandbox: LaafficSandbox;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ deliveredAfterMs: 0, queuedForMs: 0 });
  env = { ...SAMPLE_ENVIRONMENT, LAAFFIC_BASE_URL: sandbox.url };
});
afterEach(() => {
  sandbox.assertScriptDone();
  sandbox.reset();
});
afterAll(() => sandbox.close());

const here = (argv: readonly string[], given: Circumstances = {}) => laaffic(argv, { env, ...given });

describe('laaffic send', () => {
  const send = (...more: string[]) => ['send', '--content', 'hello world', '--to', ...more];

  it('sends to every number with the sender of the environment or of the command line (exit code 0)', async () => {
    const first = await here(send('91856321412', '+91 856 321-413'), { env: { ...env, LAAFFIC_SENDER_ID: 'ENV' } });
    const second = await here([...send('91856321412'), '--sender-id', 'ACME']);
    const [one, two, three] = sandbox.messages;
    expect(first).toEqual({
      code: 0,
      stdout: `accepted 91856321412 ${one!.msgId}\naccepted 91856321413 ${two!.msgId}\n`,
      stderr: '',
    });
    expect(second).toEqual({ code: 0, stdout: `accepted 91856321412 ${three!.msgId}\n`, stderr: '' });
    expect(sandbox.messages.map(({ number, content, senderId }) => [number, content, senderId])).toEqual([
      ['91856321412', 'hello world', 'ENV'],
      ['91856321413', 'hello world', 'ENV'],
      ['91856321412', 'hello world', 'ACME'],
    ]);
  });

  it('reads the text from stdin without the line end of the shell', async () => {
    const { code } = await here(['send', '--to', '91856321412', '--content', '-'], { stdin: 'two\nlines ü\n' });
    expect(code).toBe(0);
    expect(sandbox.messages[0]?.content).toBe('two\nlines ü');
  });

  it('prints rejected numbers (exit code 2)', async () => {
    const { code, stdout, stderr } = await here(send('91856321412', '9990000009'));
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      `accepted 91856321412 ${sandbox.messages[0]!.msgId}\n` +
        'rejected 9990000009 LAAFFIC_RECIPIENT_REJECTED: Abnormal phone number\n',
    );
  });

  it('prints why no number was accepted, with masked numbers (exit code 2)', async () => {
    sandbox.script({ status: -10 });
    const { code, stdout, stderr } = await here([...send('91856321412'), '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toEqual({
      accepted: [],
      rejected: [expect.objectContaining({ number: '91856321412', code: 'LAAFFIC_INSUFFICIENT_BALANCE' })],
      unknown: [],
      error: expect.objectContaining({ code: 'LAAFFIC_INSUFFICIENT_BALANCE', outcome: 'rejected' }),
    });
    expect(stderr).toMatch(/^laaffic: .*LAAFFIC_INSUFFICIENT_BALANCE.*\n$/);
    expect(stderr).not.toContain('91856321412');
  });

  it('prints recipients with an unknown outcome (exit code 3)', async () => {
    sandbox.script({ fault: 'cut-after-accepting' });
    const { code, stdout, stderr } = await here(send('91856321412'));
    expect(code).toBe(3);
    expect(stdout).toMatch(/^unknown 91856321412 order \S+ LAAFFIC_CONNECTION_LOST: .*\n$/);
    expect(stderr).toMatch(/^laaffic: .*LAAFFIC_CONNECTION_LOST/);
  });

  it('prints the receipt as JSON', async () => {
    const { stdout } = await here([...send('91856321412'), '--json']);
    const [{ msgId, orderId }] = sandbox.messages as unknown as [{ msgId: string; orderId: string }];
    expect(JSON.parse(stdout)).toEqual({
      accepted: [{ number: '91856321412', orderId, msgId }],
      rejected: [],
      unknown: [],
    });
  });

  it('rejects invalid numbers before anything is sent (exit code 1)', async () => {
    const { code, stdout, stderr } = await here(send('91856321412', '918563214\u001b[2J'));
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      'laaffic: The SMS cannot be sent as it is: to[1] must be a phone number with country code: it contains the character U+001B, which is not part of a number\n',
    );
    expect(sandbox.requests).toEqual([]);
  });

  it('rejects a text on stdin that is not UTF-8 or too long (exit code 1)', async () => {
    const argv = ['send', '--to', '91856321412', '--content', '-'];
    const runs = [
      await here(argv, { stdin: Buffer.of(0xff, 0xfe, 0x20) }),
      await here(argv, { stdin: 'x'.repeat(70_000) }),
    ];
    expect(runs).toEqual([
      { code: 1, stdout: '', stderr: 'laaffic: the content on stdin is not UTF-8 text\n' },
      { code: 1, stdout: '', stderr: 'laaffic: the content on stdin is longer than 65536 bytes\n' },
    ]);
  });
});

describe('laaffic reports', () => {
  it('prints reports for the ids of arguments and stdin (exit code 0)', async () => {
    await here(['send', '--to', '91856321412', '--content', 'x']);
    const { msgId } = sandbox.messages[0]!;
    const text = await here(['reports', msgId, '2611220000000000001']);
    const json = await here(['reports', '-', '--json'], { stdin: `${msgId}\n` });
    expect(text.code).toBe(0);
    expect(text.stderr).toBe('');
    expect(json.code).toBe(0);
    expect(text.stdout).toMatch(new RegExp(`^${msgId} delivered 91856321412 \\S+Z\n2611220000000000001 not-found\n$`));
    expect(JSON.parse(json.stdout)).toEqual([
      expect.objectContaining({ msgId, state: 'delivered', number: '91856321412' }),
    ]);
  });

  it('rejects an invalid id and an empty list (exit code 1)', async () => {
    const runs = [await here(['reports', 'x']), await here(['reports', '-'], { stdin: ' \n' })];
    expect(runs).toEqual([
      { code: 1, stdout: '', stderr: expect.stringContaining('msgIds[0] must be a message id') },
      { code: 1, stdout: '', stderr: 'laaffic: there are no message ids on stdin\n' },
    ]);
  });
});

describe('laaffic balance', () => {
  it('prints the amounts of the account (exit code 0)', async () => {
    expect(await here(['balance'])).toEqual({
      code: 0,
      stdout: 'balance 1000000.000000\ngift 0.00000\ncredit 0\n',
      stderr: '',
    });
    expect(await here(['balance', '--json'])).toEqual({
      code: 0,
      stdout: '{"balance":"1000000.000000","gift":"0.00000","credit":"0"}\n',
      stderr: '',
    });
  });

  it('prints why the query failed (exit code 4)', async () => {
    const { code, stdout, stderr } = await here(['balance'], { env: { ...env, LAAFFIC_API_SECRET: 'another-secret' } });
    expect(code).toBe(4);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^laaffic: .*status -1/);
    expect(stderr).not.toMatch(/another-secret|bDqJFiq9/);
  });

  it('stops when it is interrupted (exit code 130 or 143)', async () => {
    const codes: number[] = [];
    for (const signal of ['SIGINT', 'SIGTERM']) {
      const stop = new AbortController();
      stop.abort(signal);
      codes.push((await here(['balance'], { stop })).code);
    }
    expect(codes).toEqual([130, 143]);
  });
});

describe('the account', () => {
  const balance = (given: NodeJS.ProcessEnv, ...more: string[]) => laaffic(['balance', ...more], { env: given });

  it('is a sandbox in the process if no account is set, and stderr says so', async () => {
    expect(await balance({})).toEqual({
      code: 0,
      stdout: 'balance 1000000.000000\ngift 0.00000\ncredit 0\n',
      stderr: 'laaffic: no account is set: sending to a sandbox, which delivers no SMS\n',
    });
  });

  it('is the sandbox on this machine that LAAFFIC_BASE_URL names', async () => {
    const { code, stderr } = await balance({ LAAFFIC_BASE_URL: sandbox.url });
    expect(code).toBe(0);
    expect(stderr).toBe(
      `laaffic: no account is set: sending to the sandbox at ${sandbox.url}, which delivers no SMS\n`,
    );
    expect(sandbox.requests).toHaveLength(1);
  });

  it('can be in a file, which the environment overrides', async () => {
    const file = folder.file('account.env');
    writeFileSync(file, 'LAAFFIC_APP_ID=4luaKsL2\nLAAFFIC_API_KEY="bDqJFiq9"\nLAAFFIC_API_SECRET=of-the-file\n');
    const right = { LAAFFIC_BASE_URL: sandbox.url, LAAFFIC_API_SECRET: '7bz1lzh9' };
    const codes = [
      (await balance(right, '--env-file', file)).code,
      (await balance({ ...right, LAAFFIC_APP_ID: '', LAAFFIC_API_KEY: ' ' }, '--env-file', file)).code,
      (await balance({ LAAFFIC_BASE_URL: sandbox.url }, '--env-file', file)).code,
    ];
    expect(codes).toEqual([0, 0, 4]);
  });

  it.each<[NodeJS.ProcessEnv, string[], string]>([
    [
      { LAAFFIC_APP_ID: 'x' },
      [],
      'set LAAFFIC_API_KEY and LAAFFIC_API_SECRET too, or none of the three to use a sandbox',
    ],
    [
      { ...SAMPLE_ENVIRONMENT, LAAFFIC_API_SECRET: ' ' },
      [],
      'set LAAFFIC_API_SECRET too, or none of the three to use a sandbox',
    ],
    [
      { LAAFFIC_BASE_URL: 'https://api.laaffic.com/v3' },
      [],
      'LAAFFIC_BASE_URL is set without an account: set LAAFFIC_APP_ID, LAAFFIC_API_KEY, ' +
        'LAAFFIC_API_SECRET too; only a sandbox on this machine needs no account',
    ],
    [
      { ...SAMPLE_ENVIRONMENT, LAAFFIC_BASE_URL: 'ftp://x' },
      [],
      'LAAFFIC_* settings: Invalid Laaffic options: baseUrl must be an http or https URL without query',
    ],
    [
      {},
      ['--env-file', '/nowhere.env'],
      "--env-file cannot be read: ENOENT: no such file or directory, open '/nowhere.env'",
    ],
  ])('is rejected for %j %j (exit code 1)', async (given, more, message) => {
    expect(await balance(given, ...more)).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message}\n` });
  });
});

it('an internal error exits with 70', async () => {
  const broken = new Proxy<NodeJS.ProcessEnv>(
    {},
    {
      get: (_, name) => {
        if (name === 'LAAFFIC_APP_ID') throw new Error('91856321412 is broken');
        return undefined;
      },
    },
  );
  const { code, stdout, stderr } = await laaffic(['balance'], { env: broken });
  expect(code).toBe(70);
  expect(stdout).toBe('');
  expect(stderr).toMatch(/^laaffic: internal error: Error: 9185…412 is broken\n/);
});

it('an unreachable gateway rejects every recipient (exit code 2)', async () => {
  const { code, stderr } = await laaffic(['send', '--to', '91856321412', '--content', 'x'], {
    env: { LAAFFIC_BASE_URL: `http://127.0.0.1:${await freePort()}/v3` },
  });
  expect(code).toBe(2);
  expect(stderr).toContain('LAAFFIC_NOT_CONNECTED');
});
