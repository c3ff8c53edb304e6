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

it('counts what a run would do, sends nothing, and needs no account', async () => {
  const path = file('Phone;Order ID\n91850000000;a\n0091850000000;b\nx\u001b[2J;c\n91850000001;d e\n\n91850000002;\n');
  const { code, stdout, stderr } = await dryRun(path, '--content', CONTENT, '--price', '0.10');
  expect([code, stderr]).toEqual([2, '']);
  expect(stdout).toBe(
    'rows        5\n' +
      'recipients  3\n' +
      'wrong       2\n' +
      '  line 4: x\\u001b[2J must be a phone number with country code, 7 to 15 digits\n' +
      '  line 5: 91850000001 must be text of 1 to 64 characters without commas, blanks or control characters\n' +
      'duplicates  1, sent to again\n' +
      'message     ucs-2, 12 of 70 units, 1 part\n' +
      '  "’" at 2 forces ucs-2: write "\'"\n' +
      '  "œ" at 7 forces ucs-2: write "oe"\n' +
      '  with those it is gsm-7, 1 part\n' +
      'cost        0.30 = 3 × 1 part × 0.10\n',
  );
});

it('gives the same as JSON', async () => {
  const path = file('91850000000\n91850000000\nx\n');
  const { code, stdout } = await dryRun(path, '--content', '好', '--json', '--duplicates', 'drop', '--price', '2');
  expect([code, JSON.parse(stdout)]).toEqual([
    2,
    {
      ...{ rows: 3, recipients: 1, wrong: 1, duplicates: 1, repeatedOrderIds: 0, cost: '2' },
      wrongRows: [{ line: 3, number: 'x', problem: 'must be a phone number with country code, 7 to 15 digits' }],
      message: {
        ...{ encoding: 'ucs-2', units: 1, parts: 1, unitsPerPart: 70, rest: 69 },
        forcesUcs2: [{ character: '好', position: 0 }],
      },
    },
  ]);
});

it.each([
  [['--duplicates', 'keep'], 0, '1, sent to again', 2],
  [['--duplicates', 'drop'], 0, '1, left out', 1],
  [['--duplicates', 'refuse'], 2, '1, refused', 1],
])('with %j ends with %i', async (options, exitCode, duplicates, recipients) => {
  const { code, stdout } = await dryRun(file('91850000000\n+91850000000\n'), '--content', 'x'.repeat(161), ...options);
  expect([code, stdout]).toEqual([
    exitCode,
    `rows        2\nrecipients  ${recipients}\nwrong       0\nduplicates  ${duplicates}\n` +
      'message     gsm-7, 161 of 306 units, 2 parts\n',
  ]);
});

it('tells of order ids that come again, over the whole file', async () => {
  const rows = Array.from({ length: 2_500 }, (_, i) => `${91_850_000_000 + i},N/A`);
  const path = file(['number,orderId', ...rows].join('\n'));
  const { code, stdout } = await dryRun(path, '--content', 'hi');
  expect([code, stdout]).toEqual([
    0,
    'rows        2,500\nrecipients  2,500\nwrong       0\nduplicates  0\n' +
      'order ids   2,499 came before: sent to, with another id within a request\n' +
      'message     gsm-7, 2 of 160 units, 1 part\n',
  ]);
  const { stdout: json } = await dryRun(path, '--content', 'hi', '--json');
  expect(JSON.parse(json)).toMatchObject({ recipients: 2_500, repeatedOrderIds: 2_499 });
});

it('names the first hundred wrong rows, and counts the others', async () => {
  const { stdout } = await dryRun(file('number\n' + 'x\n'.repeat(1234)), '--content', 'hi');
  expect(stdout).toContain('wrong       1,234\n  line 2: x must');
  expect(stdout).toContain(
    '  line 101: x must be a phone number with country code, 7 to 15 digits\n  and 1,134 more\n',
  );
});

it('says what nothing in gsm-7 stands for', async () => {
  const { stdout } = await dryRun(file('91850000000\n'), '--content', 'a\u200b½');
  expect(stdout).toContain(
    '  "\\u200b" at 1 forces ucs-2: leave it out\n  "½" at 2 forces ucs-2: nothing in gsm-7 stands for it\n',
  );
  expect(stdout).not.toContain('with those');
});

it('is there for a single send too', async () => {
  const argv = ['send', '--to', '91850000000', '9185', '--content', 'hi', '--dry-run', '--price', '0.01'];
  expect(await laaffic(argv, { env })).toEqual({
    code: 2,
    stdout:
      'rows        2\nrecipients  1\nwrong       1\n' +
      '  recipient 2: 9185 must be a phone number with country code, 7 to 15 digits\n' +
      'duplicates  0\nmessage     gsm-7, 2 of 160 units, 1 part\ncost        0.01 = 1 × 1 part × 0.01\n',
    stderr: '',
  });
});

it('refuses what a run would refuse: 1', async () => {
  const path = file('91850000000\n');
  const answers = [
    await dryRun(path, '--content', ''),
    await dryRun(path, '--content', 'x', '--request-size', '1001'),
    await dryRun(file('number\n'), '--content', 'x'),
  ];
  expect(answers.map(({ code, stderr }) => [code, stderr])).toEqual([
    [1, 'laaffic: The SMS cannot be sent as it is: content must not be empty\n'],
    [1, 'laaffic: The SMS cannot be sent as it is: requestSize must be a whole number from 1 to 1000\n'],
    [1, 'laaffic: the input is empty: give numbers, one a row\n'],
  ]);
});

it('ends when it is interrupted: 130', async () => {
  const stop = new AbortController();
  stop.abort('SIGINT');
  const argv = ['bulk', file('91850000000\n'), '--content', 'x', '--dry-run'];
  expect(await laaffic(argv, { env, stop })).toEqual({ code: 130, stdout: '', stderr: '' });
});
