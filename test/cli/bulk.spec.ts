import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { LaafficSandbox } from 'laaffic-sandbox';
import { jsonLines, laaffic, temporaryFolder, type Circumstances } from './terminal.js';
import { SAMPLE_ENVIRONMENT } from '../sample-environment.js';

const folder = temporaryFolder();
const numbers = (count: number, from = 0) => Array.from({ length: count }, (_, i) => String(91_850_000_000 + from + i));

let sandbox: LaafficSandbox;
let env: NodeJS.ProcessEnv;
let files = 0;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start({ historyLimit: null });
  env = { ...SAMPLE_ENVIRONMENT, LAAFFIC_BASE_URL: sandbox.url };
});
afterEach(() => {
  sandbox.assertScriptDone();
  sandbox.reset();
});
afterAll(() => sandbox.close());

function input(rows: readonly string[], extension = '.csv'): string {
  const file = folder.file(`numbers-${++files}${extension}`);
  writeFileSync(file, rows.map((row) => `${row}\n`).join(''));
  return file;
}

const bulk = (argv: readonly string[], given: Circumstances = {}) =>
  laaffic(['bulk', '--content', 'hi', ...argv], { env, ...given });
const sentNumbers = () => sandbox.messages.map(({ number }) => number).sort();

describe('laaffic bulk', () => {
  it('sends to every number and prints one line (exit code 0)', async () => {
    const file = input(['number;orderId', ...numbers(1500).map((number) => `${number};id-${number}`)]);
    expect(await bulk([file])).toEqual({ code: 0, stdout: '1,500 accepted\n', stderr: '' });
    expect(sentNumbers()).toEqual(numbers(1500));
    expect(sandbox.messages.every(({ number, orderId }) => orderId === `id-${number}`)).toBe(true);
  });

  it('prints rejected numbers with their lines (exit code 2)', async () => {
    const file = input(['name,mobile', 'Ann,91850000000', '"A\nB",call me', 'Cy,91856321412.0', 'Di,9990000009']);
    const { code, stdout, stderr } = await bulk([file]);
    expect(code).toBe(2);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      'rejected line 4 call me LAAFFIC_INVALID_COMMAND: [1] must be a phone number with country code: it contains “c”, which is not part of a number\n' +
        'rejected line 5 91856321412.0 LAAFFIC_INVALID_COMMAND: [2] must be a phone number with country code: it is a decimal of a spreadsheet: format the column as text\n' +
        'rejected 9990000009 LAAFFIC_RECIPIENT_REJECTED: Abnormal phone number\n' +
        '1 accepted, 3 rejected\n',
    );
    expect(sentNumbers()).toEqual(['91850000000']);
  });

  it('removes the apostrophes that the service puts before formulas', async () => {
    const rows = [
      "'+91850000000,'=1+1",
      "'91850000001,'",
      "+91850000002,'+'",
      "91850000003,'＝x",
      "91850000004,''-x",
      '91850000005,=y',
    ];
    const file = input(['number,orderId', ...rows]);
    const { code, stdout } = await bulk([file]);
    expect(sandbox.messages.map(({ number, orderId }) => [number, orderId])).toEqual([
      ['91850000000', '=1+1'],
      ['91850000002', "+'"],
      ['91850000003', '＝x'],
      ['91850000004', "'-x"],
      ['91850000005', '=y'],
    ]);
    expect(code).toBe(2);
    expect(stdout).toEqual(
      "rejected line 3 '91850000001 LAAFFIC_INVALID_COMMAND: [1].number must be a phone number with country code: it contains “'”, which is not part of a number\n" +
        '5 accepted, 1 rejected\n',
    );
  });

  it.each(['text', 'json'])('escapes control characters of files and of the gateway, as %s', async (form) => {
    const strange = '\u001b[2J\u001b]0;x\u0007\u009b\u202e\u200f\u2028\u0085';
    const name = `numbers-${++files}-\u001b[2J\u202e\nlaaffic: forged.jsonl`;
    const file = folder.file(name);
    const row = (number: string, orderId: string) => JSON.stringify({ number, orderId });
    writeFileSync(
      file,
      [row(`x${strange}`, 'a'), row('91850000000', `id${strange}`), row('91850000001', 'b'), ''].join('\n'),
    );
    sandbox.script([{ status: -9, reason: `no${strange}\nrejected 91850000009 forged` }]);
    const more = form === 'json' ? ['--json'] : [];
    const runs = [
      await bulk([file, ...more]),
      await bulk([file, ...more]),
      await bulk([`${file}-nowhere`, ...more]),
      await bulk([file, '--number-column', `no${strange}`, '--dry-run', ...more]),
      await bulk([input([`Pho\u2028ne,Mobile`, '1,2'])]),
    ];
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 1, 2, 1]);
    const lines = runs.flatMap(({ stdout, stderr }) => `${stdout}${stderr}`.split('\n'));
    expect(
      lines.filter(
        (line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line) || /^laaffic: forged|^rejected \S+ forged$/.test(line),
      ),
    ).toEqual([]);
    expect(lines.join('\n')).toContain('no\\u001b[2J');
  });

  it('prints recipients with an unknown outcome (exit code 3)', async () => {
    sandbox.script({ fault: 'cut-after-accepting' });
    const { code, stdout } = await bulk([input(numbers(1))]);
    expect(code).toBe(3);
    expect(stdout).toMatch(/^unknown 91850000000 order \S+ LAAFFIC_CONNECTION_LOST: .*\n0 accepted, 1 unknown\n$/);
  });

  it('prints a JSON line for each request, and one at the end', async () => {
    const file = input([...numbers(3), 'x', '9990000009'], '.txt');
    const { code, stdout } = await bulk([file, '--json', '--batch-size', '2', '--concurrency', '1']);
    const [first, second, end, ...more] = jsonLines(stdout);
    expect(code).toBe(2);
    expect(more).toEqual([]);
    expect(first).toEqual({
      ...{ event: 'receipt', first: 0, count: 2, dropped: 0, processed: [[0, 2]], rejected: [], unknown: [] },
      accepted: sandbox.messages.slice(0, 2).map(({ number, orderId, msgId }) => ({ number, orderId, msgId })),
    });
    expect(second).toEqual({
      ...{ event: 'receipt', first: 2, count: 3, dropped: 0, processed: [[2, 5]], unknown: [] },
      accepted: [expect.objectContaining({ number: '91850000002' })],
      rejected: [
        expect.objectContaining({ number: 'x', position: 3, line: 4, code: 'LAAFFIC_INVALID_COMMAND' }),
        expect.objectContaining({ number: '9990000009', code: 'LAAFFIC_RECIPIENT_REJECTED' }),
      ],
    });
    expect(end).toEqual({
      ...{ event: 'end', exitCode: 2, accepted: 3, rejected: 2, unknown: 0, dropped: 0, unfinished: 0 },
      ...{ processedBefore: 0, remaining: 0, processed: [[0, 5]] },
    });
  });

  it.each([
    ['keep', 0, 3, '3 accepted\n'],
    ['drop', 0, 2, '2 accepted, 1 dropped\n'],
    [
      'reject',
      2,
      2,
      expect.stringMatching(/^rejected line 3 91850000000 LAAFFIC_DUPLICATE_RECIPIENT: .*\n2 accepted, 1/),
    ],
  ])('exits with --duplicates %s with code %i', async (duplicates, exitCode, messages, expected) => {
    const file = input(
      [...numbers(2), '+91 850 000 000'].map((text) => text.replace('+91 850 000 000', '0091850000000')),
    );
    const { code, stdout } = await bulk([file, '--duplicates', duplicates]);
    expect(code).toEqual(exitCode);
    expect(sandbox.messages).toHaveLength(messages);
    expect(stdout).toEqual(expected);
  });

  it('keeps a journal for stdin only if --journal names one', async () => {
    const journal = folder.file('named.jsonl');
    const plain = await bulk(['-'], { stdin: `\ufeffTo\n${numbers(2).join('\n')}` });
    const first = await bulk(['-', '--journal', journal], { stdin: '91850000002\n91850000003' });
    const again = await bulk(['-', '--journal', journal], { stdin: '91850000002\n91850000003' });
    expect(plain).toEqual({ code: 0, stdout: '2 accepted\n', stderr: '' });
    expect(first).toEqual({ code: 0, stdout: '2 accepted\n', stderr: '' });
    expect(again).toEqual({
      code: 0,
      stdout: '2 accepted (2 processed before)\n',
      stderr: expect.stringMatching(/^laaffic: resuming \S+: 2 recipients processed before\n$/),
    });
    expect(sentNumbers()).toEqual(numbers(4));
  });

  it('keeps to --requests-per-second', async () => {
    const file = input(numbers(4));
    const { code, stdout } = await bulk([
      file,
      '--recipients-per-second',
      '1',
      '--requests-per-second',
      '200',
      '--dry-run',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('recipients  4\n');
    sandbox.configure({ quirks: { maxRequestsPerSecond: 2 } });
    const limited = await bulk([file, '--batch-size', '1', '--requests-per-second', '1.9', '--json']);
    sandbox.configure({ quirks: { maxRequestsPerSecond: null } });
    expect(limited.code).toBe(0);
    expect(sandbox.requests.map(({ status }) => status)).toEqual(['0', '0', '0', '0']);
  });

  it('shows a bar on a terminal, otherwise a line every ten seconds, and nothing with --quiet', async () => {
    const file = input(numbers(4));
    const watched = async (isTTY: boolean, step: number, ...more: string[]) => {
      let time = 0;
      const options = ['--batch-size', '1', '--concurrency', '1', '--journal', folder.file(`watched-${++files}`)];
      return (await bulk([file, ...options, ...more], { isTTY, now: () => (time += step) })).stderr;
    };
    expect(await watched(true, 100)).toBe(
      '\r\u001b[K[######------------------] 1 of 4, 10/s, 0:01 left' +
        '\r\u001b[K[############------------] 2 of 4, 10/s, 0:01 left' +
        '\r\u001b[K[##################------] 3 of 4, 10/s, 0:01 left' +
        '\r\u001b[K[########################] 4 of 4, 10/s, 0:00 left' +
        '\r\u001b[K',
    );
    expect(await watched(false, 5000)).toBe('laaffic: 2 of 4, 0/s, 0:10 left\nlaaffic: 4 of 4, 0/s, 0:00 left\n');
    expect(await watched(true, 100, '--quiet')).toBe('');
    expect(await watched(false, 9999, '-q')).toBe('');
  });
});

describe('laaffic bulk sends nothing and exits with 1', () => {
  afterEach(() => {
    expect(sandbox.requests).toEqual([]);
  });

  it.each<[string, string[], string, string]>([
    ['if the input is empty', [], '.csv', 'the input is empty: give at least one number'],
    ['if the text is blank', ['', ' '], '.txt', 'the input is empty: give at least one number'],
    ['if there is only a header', ['number'], '.csv', 'the input is empty: give at least one number'],
    [
      'if no column has a known name',
      ['91850000000,91850000001'],
      '.csv',
      'line 1: the first row has 2 cells, and none is named number, phone, mobile, msisdn, to: ' +
        'choose the one with the numbers, with --number-column <name or place>',
    ],
    [
      'if two columns have known names',
      ['Phone,Mobile', '1,2'],
      '.csv',
      'line 1: the numbers may be in the columns "Phone" and "Mobile": choose one, with --number-column <name or place>',
    ],
    [
      'if a quote is not closed',
      ['number', ...numbers(2), '"91850000002'],
      '.csv',
      'line 4: a quote is not closed by the end',
    ],
    ['if a line is too long', ['x'.repeat(70_000)], '.txt', 'line 1: it is too long for a recipient'],
    ['if the input is binary', ['91850000000', '\0'], '.csv', 'it has NUL characters, so it is not text in UTF-8'],
  ])('%s', async (_, rows, extension, message) => {
    expect(await bulk([input(rows, extension)])).toEqual({ code: 1, stdout: '', stderr: `laaffic: ${message}\n` });
  });

  it('if the input does not exist or is a folder', async () => {
    expect(await bulk([folder.file('91856321412.csv')])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^laaffic: the input cannot be read: ENOENT: .*9185…412\.csv'\n$/),
    });
    expect(await bulk([folder.path])).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/ is a folder: give a file of numbers\n$/),
    });
  });

  it('if the message or the options are invalid, and creates no journal', async () => {
    const file = input(numbers(1));
    const { code, stderr } = await bulk([file, '--content', '', '--batch-size', '2000', '--sender-id', 'x'.repeat(33)]);
    expect(code).toBe(1);
    expect(stderr).toEqual(
      'laaffic: The SMS cannot be sent as it is: batchSize must be a whole number from 1 to 1000; ' +
        'content must not be empty; senderId must have at most 32 characters\n',
    );
    expect(existsSync(`${file}.laaffic.jsonl`)).toBe(false);
  });

  it('if stdin is empty or does not start as CSV', async () => {
    const long = `number\n"${'9'.repeat(70_000)}`;
    const runs = [
      await bulk(['-'], { stdin: '' }),
      await bulk(['-'], { stdin: 'number\n' }),
      await bulk(['-'], { stdin: long }),
    ];
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
      [1, 'laaffic: the input is empty: give at least one number\n'],
      [1, 'laaffic: the input is empty: give at least one number\n'],
      [1, 'laaffic: line 2: the row is too long: is a quote not closed, or is this not a CSV?\n'],
    ]);
  });

  it('if it is interrupted while it reads the input, then with 130', async () => {
    const stop = new AbortController();
    stop.abort('SIGINT');
    expect(await bulk([input(numbers(1))], { stop })).toEqual({ code: 130, stdout: '', stderr: '' });
  });

  it('if the journal belongs to another run, and says how it differs', async () => {
    const file = input(['number,phone', '91850000000,91850000001']);
    const journal = folder.file('of-another.jsonl');
    const given = ['--journal', journal, '--number-column', 'number'];
    expect((await bulk([file, ...given])).code).toBe(0);
    sandbox.reset();
    const others = [
      await bulk([file, ...given, '--content', 'ho']),
      await bulk([file, ...given, '--sender-id', 'ACME']),
      await bulk([file, ...given, '--number-column', 'phone']),
      await bulk([file, ...given], { env: { LAAFFIC_BASE_URL: sandbox.url } }),
      await bulk([input(['number,phone', '91850000000,91850000002']), ...given, '--content', 'ho']),
    ];
    const rejection = (difference: string) => ({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(`of-another.jsonl belongs to a run with ${difference}: use another --journal`),
    });
    expect(others).toEqual([
      rejection('another content or sender'),
      rejection('another content or sender'),
      rejection('another format, encoding or column'),
      rejection('another account or a sandbox'),
      rejection('another content or sender and another input or an earlier version of it'),
    ]);
  });

  it('if the journal is another file, has no fingerprint or cannot be written', async () => {
    const file = input(numbers(1));
    const path = folder.file('strange.jsonl');
    const given = [file, '--journal', path];
    writeFileSync(path, 'dear diary\n');
    const lost = await bulk(given);
    writeFileSync(`${path}.run.json`, '[]');
    const unidentified = await bulk(given);
    rmSync(path);
    expect((await bulk(given)).code).toBe(0);
    sandbox.reset();
    writeFileSync(path, 'dear diary\nto-day\n');
    const foreign = await bulk(given);
    const unwritable = await bulk([file, '--journal', folder.file('no/where.jsonl')]);
    const errors = [lost, unidentified, foreign, unwritable];
    expect(errors.map(({ code }) => code)).toEqual([1, 1, 1, 1]);
    expect(errors.map(({ stderr }) => stderr)).toEqual([
      expect.stringMatching(/strange\.jsonl exists without \S+strange\.jsonl\.run\.json, which identifies its run/),
      expect.stringMatching(/strange\.jsonl\.run\.json does not identify the run of its journal/),
      expect.stringMatching(/Line 1 of \S+strange\.jsonl is not a line of a journal/),
      expect.stringMatching(/cannot use the journal \S+no\/where\.jsonl: ENOENT/),
    ]);
    expect(readFileSync(path, 'utf8')).toBe('dear diary\nto-day\n');
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  it('if another process uses the journal', async () => {
    const file = input(numbers(1));
    const lock = `${file}.laaffic.jsonl.lock`;
    for (const text of [JSON.stringify({ pid: process.pid, host: hostname() }), '{"pid":1,"host":"elsewhere"}', '']) {
      writeFileSync(lock, text);
      const { code, stderr } = await bulk([file]);
      expect(code).toBe(1);
      expect(stderr).toMatch(/is using this journal: wait until it ends, or remove \S+\.lock/);
    }
  });
});

describe('laaffic bulk, run again,', () => {
  const DEAD_PID = 2 ** 22 + 1;
  const all = numbers(12);
  const options = ['--batch-size', '2', '--concurrency', '2'];

  it.each(['SIGINT', 'SIGTERM', 'SIGPIPE'] as const)('continues after %s and sends nothing twice', async (signal) => {
    const file = input(all);
    const stop = new AbortController();
    const onStdout = () => {
      stop.abort(signal);
    };
    const first = await bulk([file, ...options, '--json'], { stop, onStdout });
    const sentFirst = sandbox.messages.length;
    const second = await bulk([file, ...options]);
    const third = await bulk([file, ...options]);
    expect(first.code).toEqual({ SIGINT: 130, SIGTERM: 143, SIGPIPE: 141 }[signal]);
    expect(first.stderr).toEqual(
      expect.stringMatching(
        /^(?:laaffic: stopping after the requests in flight finish; press Ctrl\+C again to exit at once\n)?laaffic: run the same command again to continue; \S+ prevents duplicate messages\n$/,
      ),
    );
    expect(first.stderr.includes('Ctrl+C')).toBe(signal !== 'SIGPIPE');
    expect(sentFirst).toBeLessThan(12);
    expect(jsonLines(first.stdout).at(-1)).toMatchObject({
      event: 'end',
      accepted: sentFirst,
      remaining: 12 - sentFirst,
    });
    expect(second.code).toBe(0);
    expect(second.stdout).toBe(`12 accepted (${sentFirst} processed before)\n`);
    expect(third.code).toBe(0);
    expect(third.stdout).toBe('12 accepted (12 processed before)\n');
    expect(sentNumbers()).toEqual(all);
  });

  it('continues after the balance was empty (exit code 4, then 0)', async () => {
    const file = input(all);
    sandbox.script([{}, { status: -10 }]);
    const first = await bulk([file, ...options, '--concurrency', '1']);
    expect(first.code).toBe(4);
    expect(first.stdout).toBe('2 accepted, 10 remaining\n');
    expect(first.stderr).toMatch(
      /^laaffic: stopped: .*LAAFFIC_INSUFFICIENT_BALANCE.*\nlaaffic: run the same command again/,
    );
    const second = await bulk([file, ...options]);
    expect(second.code).toBe(0);
    expect(second.stdout).toBe('12 accepted (2 processed before)\n');
    expect(sentNumbers()).toEqual(all);
  });

  it('keeps earlier outcomes: rejected stays 2, unknown stays 3', async () => {
    const rejected = input(['91850000000', 'x']);
    const unknown = input(numbers(1));
    await bulk([rejected]);
    sandbox.script({ fault: 'cut-after-accepting' });
    await bulk([unknown]);
    const again = [await bulk([rejected]), await bulk([unknown])];
    expect(again.map(({ code, stdout }) => [code, stdout])).toEqual([
      [2, '1 accepted, 1 rejected (2 processed before)\n'],
      [3, '0 accepted, 1 unknown (1 processed before)\n'],
    ]);
  });

  it('lists unfinished requests of a killed run and does not resend them (exit code 5)', async () => {
    const file = input(all);
    const journal = `${file}.laaffic.jsonl`;
    await bulk([file, ...options]);
    const started = jsonLines(readFileSync(journal, 'utf8')).find(({ event }) => event === 'started');
    sandbox.reset();
    // What a process leaves if it is killed during its first request: half a line, and its lock.
    writeFileSync(journal, `${JSON.stringify(started)}\n{"event":"fin`);
    writeFileSync(`${journal}.lock`, JSON.stringify({ pid: DEAD_PID, host: hostname() }));
    const { first, count, orderIds } = started as { first: number; count: number; orderIds: string };
    const text = await bulk([file, ...options]);
    const json = await bulk([file, ...options, '--json']);
    expect(text.code).toBe(5);
    expect(text.stdout).toBe(
      `unfinished rows ${first + 1} to ${first + count}, order ids ${orderIds}.*\n10 accepted, 2 unfinished (2 processed before)\n`,
    );
    expect(text.stderr).toMatch(
      /^laaffic: resuming \S+: 2 recipients processed before, 2 of them unfinished\nlaaffic: a killed run left 2 recipients in unfinished requests/,
    );
    expect(json.code).toBe(5);
    expect(jsonLines(json.stdout)[0]).toEqual({ event: 'unfinished', first, count, orderIdPrefix: orderIds });
    expect(sentNumbers()).toEqual(all.slice(2));
  });

  it('ignores the journal of a trial with a sandbox', async () => {
    const file = input(numbers(2));
    expect((await laaffic(['bulk', file, '--content', 'hi'])).code).toBe(0);
    expect(existsSync(`${file}.sandbox.laaffic.jsonl`)).toBe(true);
    expect((await bulk([file])).stdout).toBe('2 accepted\n');
    expect(sentNumbers()).toEqual(numbers(2));
  });

  it('from stdin without a journal would send again, and warns (exit code 4)', async () => {
    async function* broken() {
      yield Buffer.from(`${numbers(1).join('\n')}\n${' '.repeat(60_000)}\n`.repeat(2));
      await setImmediate();
      yield Buffer.from(`"${'9'.repeat(70_000)}`);
    }
    const { code, stdout, stderr } = await bulk(['-', '--batch-size', '1'], { stdin: Readable.from(broken()) });
    expect(code).toBe(4);
    expect(stdout).toMatch(/^[12] accepted\n$/);
    expect(stderr).toBe(
      'laaffic: stopped: line 5: the row is too long: is a quote not closed, or is this not a CSV?\n' +
        'laaffic: there is no journal: the same command would send to every recipient again\n',
    );
  });
});

it('only the owner can read the journal and the files beside it', async () => {
  const file = input(numbers(1));
  await bulk([file]);
  const modes = ['', '.run.json'].map((suffix) => statSync(`${file}.laaffic.jsonl${suffix}`).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600]);
  expect(existsSync(`${file}.laaffic.jsonl.lock`)).toBe(false);
});

it('stderr never shows whole numbers, contents or secrets', async () => {
  const file = input([...numbers(3), '9990000009', 'wrong 91850000009']);
  sandbox.script([{ fault: 'cut-after-accepting' }, { status: -10, reason: '91850000001 and bDqJFiq9 7bz1lzh9' }]);
  const printed = [
    await bulk([file, '--content', 'a secret text', '--batch-size', '1', '--concurrency', '1']),
    await bulk([file, '--content', 'a secret text', '91850000002']),
    await bulk(['+91 850 000 002', '--content', 'a secret text']),
    await laaffic(['reports', '--91850000002'], { env }),
    await bulk([file, '--number-column', '91850000002']),
  ];
  expect(printed.map(({ code }) => code)).toEqual([4, 1, 1, 1, 1]);
  for (const { stderr } of printed) {
    expect(stderr).not.toBe('');
    expect(stderr).not.toMatch(/9185000000|850 000 002|bDqJFiq9|7bz1lzh9|secret text/);
  }
});
