import { writeFileSync } from 'node:fs';
import { LaafficSandbox } from 'laaffic-sandbox';
import { laaffic, temporaryFolder } from './terminal.js';

const folder = temporaryFolder();
const CONTENT = 'it’s 1 œuvre';

let sandbox: LaafficSandbox;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  sandbox = await LaafficSandbox.start();
  env = { LAAFFIC_BASE_URL: sandbox.url };
});
afterEach(() => {
  expect(sandbox.requests).toEqual([]);
});
afterAll(() => sandbox.close());

function file(text: string): string {
  const path = folder.file('numbers.csv');
  writeFileSync(path, text);
  return path;
}

const dryRun = (path: string, ...more: string[]) => laaffic(['bulk', path, '--dry-run', ...more], { env });

it('a dry run counts what a run would do, sends nothing and needs no account', async () => {
  const path = file('Phone;Order ID\n91850000000;a\n0091850000000;b\nx\u001b[2J;c\n91850000001;d e\n\n91850000002;\n');
  const { code, stdout, stderr } = await dryRun(path, '--content', CONTENT, '--price-per-part', '0.10');
  expect(code).toBe(2);
  expect(stderr).toBe('');
  expect(stdout).toBe(
    'rows        5\n' +
      'recipients  3\n' +
      'invalid     2\n' +
      '  line 4: x\\u001b[2J must be a phone number with country code: it contains “x”, which is not part of a number\n' +
      '  line 5: 91850000001 must be text of 1 to 64 characters without commas, blanks or control characters\n' +
      'duplicates  1, sent again\n' +
      'message     ucs-2, 12 of 70 units, 1 part\n' +
      '  "’" at 2 forces ucs-2: write "\'"\n' +
      '  "œ" at 7 forces ucs-2: write "oe"\n' +
      '  with these changes gsm-7, 1 part\n' +
      'cost        0.30 = 3 × 1 part × 0.10\n',
  );
});

it('a dry run prints the same as JSON', async () => {
  const path = file('91850000000\n91850000000\nx\n');
  const { code, stdout } = await dryRun(
    path,
    '--content',
    '好',
    '--json',
    '--duplicates',
    'drop',
    '--price-per-part',
    '2',
  );
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toEqual({
    ...{ rows: 3, recipients: 1, invalid: 1, duplicates: 1, repeatedOrderIds: 0, cost: '2' },
    invalidRows: [
      {
        line: 3,
        number: 'x',
        problem: 'must be a phone number with country code: it contains “x”, which is not part of a number',
      },
    ],
    message: {
      ...{ encoding: 'ucs-2', units: 1, parts: 1, unitsPerPart: 70, remainingUnits: 69 },
      nonGsm7Characters: [{ character: '好', position: 0 }],
    },
  });
});

it.each([
  [['--duplicates', 'keep'], 0, '1, sent again', 2],
  [['--duplicates', 'drop'], 0, '1, dropped', 1],
  [['--duplicates', 'reject'], 2, '1, rejected', 1],
])('a dry run with %j exits with %i', async (options, exitCode, duplicates, recipients) => {
  const { code, stdout } = await dryRun(file('91850000000\n+91850000000\n'), '--content', 'x'.repeat(161), ...options);
  expect(code).toEqual(exitCode);
  expect(stdout).toEqual(
    `rows        2\nrecipients  ${recipients}\ninvalid     0\nduplicates  ${duplicates}\n` +
      'message     gsm-7, 161 of 306 units, 2 parts\n',
  );
});

it('a dry run counts repeated order ids over the whole file', async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) => `${91_850_000_000 + i},N/A`);
  const path = file(['number,orderId', ...rows].join('\n'));
  const { code, stdout } = await dryRun(path, '--content', 'hi');
  expect(code).toBe(0);
  expect(stdout).toEqual(
    'rows        2,500\nrecipients  2,500\ninvalid     0\nduplicates  0\n' +
      'order ids   2,499 repeated; an id repeated within one request is replaced\n' +
      'message     gsm-7, 2 of 160 units, 1 part\n',
  );
  const { stdout: json } = await dryRun(path, '--content', 'hi', '--json');
  expect(JSON.parse(json)).toMatchObject({ recipients: 2_500, repeatedOrderIds: 2_499 });
});

it('a dry run lists the first hundred invalid rows and counts the others', async () => {
  const { stdout } = await dryRun(file('number\n' + 'x\n'.repeat(1234)), '--content', 'hi');
  expect(stdout).toContain('invalid     1,234\n  line 2: x must');
  expect(stdout).toContain(
    '  line 101: x must be a phone number with country code: it contains “x”, which is not part of a number\n  and 1,134 more\n',
  );
});

it('a dry run lists characters without an equivalent in gsm-7', async () => {
  const { stdout } = await dryRun(file('91850000000\n'), '--content', 'a\u200b½');
  expect(stdout).toContain(
    '  "\\u200b" at 1 forces ucs-2: remove it\n  "½" at 2 forces ucs-2: gsm-7 has no equivalent\n',
  );
  expect(stdout).not.toContain('with these');
});

it('laaffic send has a dry run too', async () => {
  const argv = ['send', '--to', '91850000000', '9185', '--content', 'hi', '--dry-run', '--price-per-part', '0.01'];
  expect(await laaffic(argv, { env })).toEqual({
    code: 2,
    stdout:
      'rows        2\nrecipients  1\ninvalid     1\n' +
      '  recipient 2: 9185 must be a phone number with country code: it has 4 digits, and numbers have 7 to 15\n' +
      'duplicates  0\nmessage     gsm-7, 2 of 160 units, 1 part\ncost        0.01 = 1 × 1 part × 0.01\n',
    stderr: '',
  });
});

it('a dry run rejects what a run would reject (exit code 1)', async () => {
  const path = file('91850000000\n');
  const runs = [
    await dryRun(path, '--content', ''),
    await dryRun(path, '--content', 'x', '--batch-size', '1001'),
    await dryRun(file('number\n'), '--content', 'x'),
  ];
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual([
    [1, 'laaffic: The SMS cannot be sent as it is: content must not be empty\n'],
    [1, 'laaffic: The SMS cannot be sent as it is: batchSize must be a whole number from 1 to 1000\n'],
    [1, 'laaffic: the input is empty: give at least one number\n'],
  ]);
});

it('a dry run stops when it is interrupted (exit code 130)', async () => {
  const stop = new AbortController();
  stop.abort('SIGINT');
  const argv = ['bulk', file('91850000000\n'), '--content', 'x', '--dry-run'];
  expect(await laaffic(argv, { env, stop })).toEqual({ code: 130, stdout: '', stderr: '' });
});
