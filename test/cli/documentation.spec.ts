import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, INTERRUPTED } from '../../libs/laaffic-cli/src/exit-code.js';
import { FLAGS } from '../../libs/laaffic-cli/src/arguments/flags.js';
import { help } from '../../libs/laaffic-cli/src/help.js';
import { laaffic, temporaryFolder } from './terminal.js';

const README = readFileSync(join(__dirname, '../../libs/laaffic-cli/README.md'), 'utf8');
const folder = temporaryFolder();
const shown = [...README.matchAll(/^laaffic (?!:).*$/gm)].map(([line]) => line).filter((line) => !line.includes(': '));

/** The words of a command line, and the file that it reads stdin from. */
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

it('shows the commands that are tested here', () => {
  expect(shown.length).toBeGreaterThanOrEqual(11);
});

it.each(shown)('%s', async (line) => {
  const { argv, stdin } = words(line);
  const input = stdin === undefined ? '' : readFileSync(folder.file(stdin));
  const { code, stdout, stderr } = await laaffic(argv.map(inFolder), { stdin: input });
  expect([code, stdout === '']).toEqual([0, false]);
  expect(stderr).toMatch(/^(?:laaffic: no account set: sending to a sandbox, nobody gets an SMS\n)?$/);
});

it('README and help tell every exit code', () => {
  const codes = [...Object.values(EXIT), ...Object.values(INTERRUPTED)].map(String);
  const told = (text: string) => codes.filter((code) => new RegExp(`^\\W*(?:\\d+, )*${code}\\b`, 'm').test(text));
  expect([told(README.slice(README.indexOf('## Exit codes'))), told(help)]).toEqual([codes, codes]);
});

it('the help names every option, and none that there is not', () => {
  const named = new Set([...help.matchAll(/--([a-z][a-z-]*)/g)].map(([, name]) => name!));
  const options = Object.values(FLAGS).flatMap((flags) => Object.keys(flags));
  expect([...named].sort()).toEqual([...new Set([...options, 'help', 'version'])].sort());
  expect(help.split('\n').filter((line) => line.length > 120)).toEqual([]);
});
