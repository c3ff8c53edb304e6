import { readArguments } from './read-arguments.js';

const failure = (argv: string[]) => {
  try {
    return readArguments(argv);
  } catch (error) {
    return String(error);
  }
};

it('reads everything that bulk takes', () => {
  const argv = 'bulk n.csv -c hi -q --json --sender A --column 2 --order-id-column id --journal j --env-file e'.split(
    ' ',
  );
  const numbers =
    '--concurrency 8 --request-size 10 --duplicates drop --requests-per-second 0.5 --recipients-per-second 20';
  expect(readArguments([...argv, ...numbers.split(' ')])).toEqual({
    ...{ command: 'bulk', input: 'n.csv', content: 'hi', sender: 'A', dryRun: false, price: undefined },
    ...{ json: true, quiet: true, envFile: 'e', column: '2', orderIdColumn: 'id', journal: 'j' },
    ...{ concurrency: 8, requestSize: 10, duplicates: 'drop', requestsPerSecond: 0.5, recipientsPerSecond: 20 },
  });
});

it.each([[[]], [['help']], [['--help']], [['bulk', '-h']], [['send', '--wrong', '--help']]])(
  'shows help for %j',
  (argv) => {
    expect(readArguments(argv)).toEqual({ show: 'help' });
  },
);

it('shows the version, and takes what follows -- as it is', () => {
  expect(readArguments(['--version'])).toEqual({ show: 'version' });
  expect(readArguments(['reports', '--', '--help'])).toMatchObject({ command: 'reports', msgIds: ['--help'] });
});

it.each([
  [['sned'], '"sned" is no command: give send, bulk, reports, balance'],
  [['send', '--content', 'x'], 'send needs a number: --to <number>'],
  [['send', '--to', '1'], 'send needs a text: --content <text>, or --content - for stdin'],
  [['send', '--to', '1', '--contents', 'x'], "Unknown option '--contents'"],
  [['send', '--to', '1', '--content'], "Option '-c, --content <value>' argument missing"],
  [['balance', '--json=yes'], "Option '--json' does not take an argument"],
  [['send', '--journal', 'x'], "Unknown option '--journal'"],
  [['bulk', '--content', 'x'], 'bulk needs one file with numbers, or - for stdin'],
  [['bulk', 'a', 'b', '--content', 'x'], 'bulk needs one file with numbers, or - for stdin'],
  [['bulk', 'a'], 'bulk needs a text: --content <text>, or --content - for stdin'],
  [['bulk', '-', '--content', '-'], 'stdin cannot hold both the numbers and the content'],
  [['bulk', 'a', '-c', 'x', '--price', '1'], '--price is for the estimate of a dry run: give --dry-run too'],
  [['reports'], 'reports needs the ids of messages, or - for those on stdin'],
  [['balance', 'x'], 'balance takes no arguments'],
  [
    ['balance', '--api-secret=hush'],
    'an account is never an argument, for others could read it: ' +
      'set LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET',
  ],
])('%j is a mistake', (argv, message) => {
  expect(failure(argv)).toBe(`UsageError: ${message} (see laaffic --help)`);
});

it.each([
  [['--concurrency', '0'], '--concurrency must be a whole number above 0, not "0"'],
  [['--request-size', '1e3'], '--request-size must be a whole number above 0, not "1e3"'],
  [['--requests-per-second', '0.0'], '--requests-per-second must be a number above 0, not "0.0"'],
  [['--recipients-per-second=-1'], '--recipients-per-second must be a number above 0, not "-1"'],
  [['--duplicates', 'no'], '--duplicates must be one of keep, drop, refuse, not "no"'],
  [['--dry-run', '--price', '1,5'], '--price must be the price of one part, such as 0.0123, not "1,5"'],
])('bulk %j is a mistake', (argv, message) => {
  expect(failure(['bulk', 'a', '-c', 'x', ...argv])).toBe(`UsageError: ${message}`);
});
