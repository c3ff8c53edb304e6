import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { LaafficSandbox } from 'laaffic-sandbox';
import { laaffic, temporaryFolder, type Circumstances } from './terminal.js';

const KEY = { LAAFFIC_APP_ID: '4luaKsL2', LAAFFIC_API_KEY: 'bDqJFiq9', LAAFFIC_API_SECRET: '7bz1lzh9' };
const folder = temporaryFolder();

let sandbox: LaafficSandbox;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ deliveredAfter: 0, queuedFor: 0 });
  env = { ...KEY, LAAFFIC_BASE_URL: sandbox.url };
});
afterEach(() => {
  sandbox.assertScriptDone();
  sandbox.reset();
});
afterAll(() => sandbox.close());

const here = (argv: readonly string[], given: Circumstances = {}) => laaffic(argv, { env, ...given });

describe('send', () => {
  const send = (...more: string[]) => ['send', '--content', 'hello world', '--to', ...more];

  it('sends to everybody named, with the sender of the environment or of the call: 0', async () => {
    const first = await here(send('91856321412', '+91 856 321-413'), { env: { ...env, LAAFFIC_SENDER_ID: 'ENV' } });
    const second = await here([...send('91856321412'), '--sender', 'ACME']);
    const [one, two, three] = sandbox.messages;
    expect([first, second]).toEqual([
      {
        code: 0,
        stdout: `accepted 91856321412 ${one!.msgId}\naccepted 91856321413 ${two!.msgId}\n`,
        stderr: '',
      },
      { code: 0, stdout: `accepted 91856321412 ${three!.msgId}\n`, stderr: '' },
    ]);
    expect(sandbox.messages.map(({ number, content, senderId }) => [number, content, senderId])).toEqual([
      ['91856321412', 'hello world', 'ENV'],
      ['91856321413', 'hello world', 'ENV'],
      ['91856321412', 'hello world', 'ACME'],
    ]);
  });

  it('takes the text from stdin, without the line end of the shell', async () => {
    const { code } = await here(['send', '--to', '91856321412', '--content', '-'], { stdin: 'two\nlines ü\n' });
    expect([code, sandbox.messages[0]?.content]).toEqual([0, 'two\nlines ü']);
  });

  it('tells who was refused: 2', async () => {
    const { code, stdout, stderr } = await here(send('91856321412', '9990000009'));
    expect([code, stderr]).toEqual([2, '']);
    expect(stdout).toBe(
      `accepted 91856321412 ${sandbox.messages[0]!.msgId}\n` +
        'rejected 9990000009 LAAFFIC_RECIPIENT_REFUSED: Abnormal phone number\n',
    );
  });

  it('says why nobody was accepted, and masks numbers where it does: 2', async () => {
    sandbox.script({ status: -10 });
    const { code, stdout, stderr } = await here([...send('91856321412'), '--json']);
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      {
        accepted: [],
        rejected: [expect.objectContaining({ number: '91856321412', code: 'LAAFFIC_INSUFFICIENT_BALANCE' })],
        unknown: [],
        error: expect.objectContaining({ code: 'LAAFFIC_INSUFFICIENT_BALANCE', outcome: 'rejected' }),
      },
    ]);
    expect(stderr).toMatch(/^laaffic: .*LAAFFIC_INSUFFICIENT_BALANCE.*\n$/);
    expect(stderr).not.toContain('91856321412');
  });

  it('says that nobody can know: 3', async () => {
    sandbox.script({ fault: 'cut-after-accepting' });
    const { code, stdout, stderr } = await here(send('91856321412'));
    expect(code).toBe(3);
    expect(stdout).toMatch(/^unknown 91856321412 order \S+ LAAFFIC_CONNECTION_LOST: .*\n$/);
    expect(stderr).toMatch(/^laaffic: .*LAAFFIC_CONNECTION_LOST/);
  });

  it('gives the receipt as JSON', async () => {
    const { stdout } = await here([...send('91856321412'), '--json']);
    const [{ msgId, orderId }] = sandbox.messages as unknown as [{ msgId: string; orderId: string }];
    expect(JSON.parse(stdout)).toEqual({
      accepted: [{ number: '91856321412', orderId, msgId }],
      rejected: [],
      unknown: [],
    });
  });

  it('refuses wrong numbers before anything is sent: 1', async () => {
    const { code, stdout, stderr } = await here(send('91856321412', '918563214\u001b[2J'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      'laaffic: The SMS cannot be sent as it is: to[1] must be a phone number with country code, 7 to 15 digits\n',
    );
    expect(sandbox.requests).toEqual([]);
  });

  it('refuses a text on stdin that is none: 1', async () => {
    const argv = ['send', '--to', '91856321412', '--content', '-'];
    const answers = [
      await here(argv, { stdin: Buffer.of(0xff, 0xfe, 0x20) }),
      await here(argv, { stdin: 'x'.repeat(70_000) }),
    ];
    expect(answers).toEqual([
      { code: 1, stdout: '', stderr: 'laaffic: the content on stdin is no text in UTF-8\n' },
      { code: 1, stdout: '', stderr: 'laaffic: the content on stdin is too long\n' },
    ]);
  });
});

describe('reports', () => {
  it('tells where messages are, by arguments or stdin: 0', async () => {
    await here(['send', '--to', '91856321412', '--content', 'x']);
    const { msgId } = sandbox.messages[0]!;
    const text = await here(['reports', msgId, '2611220000000000001']);
    const json = await here(['reports', '-', '--json'], { stdin: `${msgId}\n` });
    expect([text.code, text.stderr, json.code]).toEqual([0, '', 0]);
    expect(text.stdout).toMatch(new RegExp(`^${msgId} delivered 91856321412 \\S+Z\n2611220000000000001 not-found\n$`));
    expect(JSON.parse(json.stdout)).toEqual([
      expect.objectContaining({ msgId, state: 'delivered', number: '91856321412' }),
    ]);
  });

  it('refuses what is no id, and none: 1', async () => {
    const answers = [await here(['reports', 'x']), await here(['reports', '-'], { stdin: ' \n' })];
    expect(answers).toEqual([
      { code: 1, stdout: '', stderr: expect.stringContaining('msgIds[0] must be a message id') },
      { code: 1, stdout: '', stderr: 'laaffic: there are no ids of messages on stdin\n' },
    ]);
  });
});

describe('balance', () => {
  it('tells what the account holds: 0', async () => {
    expect([await here(['balance']), await here(['balance', '--json'])]).toEqual([
      { code: 0, stdout: 'balance 1000000.000000\ngift 0.00000\ncredit 0\n', stderr: '' },
      { code: 0, stdout: '{"balance":"1000000.000000","gift":"0.00000","credit":"0"}\n', stderr: '' },
    ]);
  });

  it('says why it went unanswered: 4', async () => {
    const { code, stdout, stderr } = await here(['balance'], { env: { ...env, LAAFFIC_API_SECRET: 'another-secret' } });
    expect([code, stdout]).toEqual([4, '']);
    expect(stderr).toMatch(/^laaffic: .*status -1/);
    expect(stderr).not.toMatch(/another-secret|bDqJFiq9/);
  });

  it('ends when it is interrupted: 130, 143', async () => {
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

  it('is a sandbox in the process where none is set, and the user is told', async () => {
    expect(await balance({})).toEqual({
      code: 0,
      stdout: 'balance 1000000.000000\ngift 0.00000\ncredit 0\n',
      stderr: 'laaffic: no account set: sending to a sandbox, nobody gets an SMS\n',
    });
  });

  it('is that of the sandbox on this machine that is named', async () => {
    const { code, stderr } = await balance({ LAAFFIC_BASE_URL: sandbox.url });
    expect([code, stderr]).toEqual([
      0,
      `laaffic: no account set: sending to the sandbox at ${sandbox.url}, nobody gets an SMS\n`,
    ]);
    expect(sandbox.requests).toHaveLength(1);
  });

  it('can be in a file, under the environment', async () => {
    const file = folder.file('account.env');
    writeFileSync(file, 'LAAFFIC_APP_ID=4luaKsL2\nLAAFFIC_API_KEY="bDqJFiq9"\nLAAFFIC_API_SECRET=of-the-file\n');
    const right = { LAAFFIC_BASE_URL: sandbox.url, LAAFFIC_API_SECRET: '7bz1lzh9' };
    const codes = [
      (await balance(right, '--env-file', file)).code,
      (await balance({ LAAFFIC_BASE_URL: sandbox.url }, '--env-file', file)).code,
    ];
    expect(codes).toEqual([0, 4]);
  });

  it.each<[NodeJS.ProcessEnv, string[], string]>([
    [{ LAAFFIC_APP_ID: 'x' }, [], 'set LAAFFIC_API_KEY and LAAFFIC_API_SECRET too, or none of the three for a sandbox'],
    [{ ...KEY, LAAFFIC_API_SECRET: ' ' }, [], 'set LAAFFIC_API_SECRET too, or none of the three for a sandbox'],
    [
      { LAAFFIC_BASE_URL: 'https://api.laaffic.com/v3' },
      [],
      'LAAFFIC_BASE_URL names a gateway, but no account is set: set LAAFFIC_APP_ID, LAAFFIC_API_KEY, ' +
        'LAAFFIC_API_SECRET; only a sandbox on this machine needs none',
    ],
    [
      { ...KEY, LAAFFIC_BASE_URL: 'ftp://x' },
      [],
      'LAAFFIC_* settings: Invalid Laaffic options: baseUrl must be an http or https URL without query',
    ],
    [
      {},
      ['--env-file', '/nowhere.env'],
      "--env-file cannot be read: ENOENT: no such file or directory, open '/nowhere.env'",
    ],
  ])('%j %j is a mistake: 1', async (given, more, message) => {
    expect(await balance(given, ...more)).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message}\n` });
  });
});

it('a fault of the program is none of the user: 70', async () => {
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
  expect([code, stdout]).toEqual([70, '']);
  expect(stderr).toMatch(/^laaffic: a fault of this program: Error: 9185…412 is broken\n/);
});

it('a gateway that is not there leaves everybody unsent, and says so: 2', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const { code, stderr } = await laaffic(['send', '--to', '91856321412', '--content', 'x'], {
    env: { LAAFFIC_BASE_URL: `http://127.0.0.1:${port}/v3` },
  });
  expect([code, stderr]).toEqual([2, expect.stringContaining('LAAFFIC_NOT_CONNECTED')]);
});
