import { readArguments } from './read-arguments.js';

const failure = (argv: string[]) => {
  try {
    return readArguments(argv);
  } catch (error) {
    return String(error);
  }
};

it('readArguments reads every flag of bulk', () => {
  const argv =
    'bulk n.csv -c hi -q --json --sender-id A --number-column 2 --order-id-column id --journal j --env-file e'.split(
      ' ',
    );
  const numbers =
    '--concurrency 8 --batch-size 10 --duplicates drop --requests-per-second 0.5 --recipients-per-second 20';
  expect(readArguments([...argv, ...numbers.split(' ')])).toEqual({
    ...{ command: 'bulk', input: 'n.csv', content: 'hi', senderId: 'A', dryRun: false, pricePerPart: undefined },
    ...{ json: true, quiet: true, envFile: 'e', numberColumn: '2', orderIdColumn: 'id', journal: 'j' },
    ...{ concurrency: 8, batchSize: 10, duplicates: 'drop', requestsPerSecond: 0.5, recipientsPerSecond: 20 },
  });
});

it('readArguments reads no flags after --', () => {
  expect(readArguments(['reports', '--', '--help'])).toMatchObject({ command: 'reports', msgIds: ['--help'] });
});

it.each([
  [['sned'], '"sned" is not a command: use send, bulk, reports, balance, outbox'],
  [['send', '--content', 'x'], 'send needs a number: --to <number>'],
  [['send', '--to', '1'], 'send needs a text: --content <text>, or --content - for stdin'],
  [['send', '--to', '1', '--contents', 'x'], "Unknown option '--contents'"],
  [['send', '--to', '1', '--content'], "Option '-c, --content <value>' argument missing"],
  [['balance', '--json=yes'], "Option '--json' does not take an argument"],
  [['send', '--journal', 'x'], "Unknown option '--journal'"],
  [['bulk', '--content', 'x'], 'bulk needs one file of numbers, or - for stdin'],
  [['bulk', 'a', 'b', '--content', 'x'], 'bulk needs one file of numbers, or - for stdin'],
  [['bulk', 'a'], 'bulk needs a text: --content <text>, or --content - for stdin'],
  [['bulk', '-', '--content', '-'], 'stdin cannot hold both the numbers and the content'],
  [['bulk', 'a', '-c', 'x', '--price-per-part', '1'], '--price-per-part is only for a dry run: add --dry-run'],
  [['reports'], 'reports needs message ids, or - for ids on stdin'],
  [['balance', 'x'], 'balance takes no arguments'],
  [
    ['balance', '--api-secret=hush'],
    'credentials are never arguments because other users could read them: ' +
      'set LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET',
  ],
])('readArguments rejects %j', (argv, message) => {
  expect(failure(argv)).toBe(`UsageError: ${message} (see laaffic --help)`);
});

it.each([
  [['--concurrency', '0'], '--concurrency must be a whole number of at least 1'],
  [['--concurrency', ''], '--concurrency must be a whole number of at least 1'],
  [['--batch-size', '1e3'], '--batch-size must be a whole number of at least 1'],
  [['--batch-size', '2.5'], '--batch-size must be a whole number of at least 1'],
  [['--requests-per-second', '0.0'], '--requests-per-second must be a number above 0'],
  [['--requests-per-second', ' '], '--requests-per-second must be a number above 0'],
  [['--recipients-per-second=-1'], '--recipients-per-second must be a number above 0'],
  [['--recipients-per-second', '0x10'], '--recipients-per-second must be a number above 0'],
  [['--duplicates', 'no'], '--duplicates must be one of keep, drop, reject'],
  [['--duplicates', ''], '--duplicates must be one of keep, drop, reject'],
  [['--dry-run', '--price-per-part', '1,5'], '--price-per-part must be an amount such as 0.0123'],
  [
    ['--duplicates', 'no', '--concurrency', 'x', '--dry-run', '--price-per-part', ''],
    '--price-per-part must be an amount such as 0.0123; --concurrency must be a whole number of at least 1; ' +
      '--duplicates must be one of keep, drop, reject',
  ],
])('readArguments rejects bulk %j', (argv, message) => {
  expect(failure(['bulk', 'a', '-c', 'x', ...argv])).toBe(`UsageError: ${message} (see laaffic --help)`);
});
