import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODE_MEANINGS, EXIT_CODES, SIGNAL_EXIT_CODES } from '../../libs/laaffic-cli/src/exit-codes.js';
import { FLAGS, OUTBOX_FLAGS } from '../../libs/laaffic-cli/src/arguments/flags.js';
import { HELP } from '../../libs/laaffic-cli/src/help.js';
import { Stage } from '../outbox/stage.js';
import { laaffic, temporaryFolder } from './terminal.js';

const README = readFileSync(join(__dirname, '../../libs/laaffic-cli/README.md'), 'utf8');
const folder = temporaryFolder();
const commands = [...README.matchAll(/^laaffic (?!:).*$/gm)].map(([line]) => line);
const ofOutbox = commands.filter((line) => line.startsWith('laaffic outbox '));
const shown = commands.filter((line) => !line.includes(': ') && !ofOutbox.includes(line));

/** Splits a command line into its words and the file that stdin is read from. */
function words(line: string): { argv: string[]; stdin: string | undefined } {
  const all = [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  const from = all.indexOf('<');
  return from < 0 ? { argv: all.slice(1), stdin: undefined } : { argv: all.slice(1, from), stdin: all[from + 1] };
}

const inFolder = (word: string) => (/\.(csv|txt|jsonl)$/.test(word) ? folder.file(word) : word);

beforeAll(() => {
  writeFileSync(folder.file('numbers.csv'), 'number,orderId\n91856321412,a\n91856321413,b\n');
  writeFileSync(folder.file('export.csv'), 'Nummer;Telefon\n1;91856321412\n');
  writeFileSync(folder.file('numbers.txt'), '91856321412\n91856321412\n');
  writeFileSync(folder.file('numbers.jsonl'), '"91856321412"\n91856321413\n{"mobile":"91856321414","orderId":"c"}\n');
});

it('README.md shows the commands that run here', () => {
  expect(shown.length).toBeGreaterThanOrEqual(11);
  expect(ofOutbox.length).toBeGreaterThanOrEqual(8);
});

describe('an outbox', () => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await Stage.set();
    await stage.app({ worker: false });
  });
  afterAll(() => stage.close());

  it.each(ofOutbox)('is there for the example %j of README.md', async (line) => {
    const printed = await laaffic(words(line).argv, { env: { DATABASE_URL: stage.database.url } });
    expect(printed).toEqual({ code: 0, stdout: expect.any(String), stderr: '' });
  });
});

it.each(shown)('the example %j of README.md runs', async (line) => {
  const { argv, stdin } = words(line);
  const input = stdin === undefined ? '' : readFileSync(folder.file(stdin));
  const { code, stdout, stderr } = await laaffic(argv.map(inFolder), { stdin: input });
  expect(code).toBe(0);
  expect(stdout).not.toBe('');
  expect(stderr).toMatch(/^(?:laaffic: no account is set: sending to a sandbox, which delivers no SMS\n)?$/);
});

it('README.md and the help list the meaning of every exit code', () => {
  const codes = [...Object.values(EXIT_CODES), ...Object.values(SIGNAL_EXIT_CODES)];
  const [, table = ''] = /^## Exit codes\n(.*)/ms.exec(README) ?? [];
  const rows = [...table.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, code, meaning]) => [Number(code), meaning]);
  const lines = [...HELP.matchAll(/^ {2}(\d+) +(.*)$/gm)].map(([, code, meaning]) => [Number(code), meaning]);
  expect(EXIT_CODE_MEANINGS.map(([code]) => code)).toEqual(codes);
  expect(rows).toEqual(EXIT_CODE_MEANINGS);
  expect(lines).toEqual(EXIT_CODE_MEANINGS);
});

it('the help names every flag and no others', () => {
  const named = new Set([...HELP.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name!));
  const options = Object.values({ ...FLAGS, ...OUTBOX_FLAGS }).flatMap((flags) => Object.keys(flags));
  expect([...named].sort()).toEqual([...new Set([...options, 'help', 'version'])].sort());
  expect(HELP.split('\n').filter((line) => line.length > 120)).toEqual([]);
});
