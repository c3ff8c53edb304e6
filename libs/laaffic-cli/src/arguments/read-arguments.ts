import { parseArgs } from 'node:util';
import { UsageError } from '../usage.error.js';
import type { Arguments, BulkArguments, CommonArguments, MessageArguments, SendArguments } from './arguments.js';
import { FLAGS } from './flags.js';
import { optionValue } from './option-values.js';

type CommandName = keyof typeof FLAGS;
type Flags = Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>;
type Values<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends { readonly multiple: true }
    ? string[] | undefined
    : F[Name] extends { readonly type: 'boolean' }
      ? boolean | undefined
      : string | undefined;
};

const COMMANDS = Object.keys(FLAGS) as CommandName[];
/** In the lists of processes and the histories of shells everybody could read them. */
const SECRETS = /^--(?:(?:laaffic-)?(?:app|api)-?(?:id|key|secret)|secret|password|token)(?:=|$)/i;

/** @throws {UsageError} */
export function readArguments(argv: readonly string[]): Arguments {
  const options = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  if (argv.length === 0 || argv[0] === 'help' || options.includes('--help') || options.includes('-h')) {
    return { show: 'help' };
  }
  if (argv[0] === '--version') return { show: 'version' };
  const [name, ...rest] = argv;
  if (options.some((option) => SECRETS.test(option))) {
    throw wrong(
      'an account is never an argument, for others could read it: set LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET',
    );
  }
  const command = COMMANDS.find((one) => one === name);
  if (command === undefined) throw wrong(`${JSON.stringify(name)} is no command: give ${COMMANDS.join(', ')}`);
  switch (command) {
    case 'send':
      return readSend(rest);
    case 'bulk':
      return readBulk(rest);
    case 'reports': {
      const { values, positionals } = parsed(rest, FLAGS.reports);
      if (positionals.length === 0) throw wrong('reports needs the ids of messages, or - for those on stdin');
      return { command, ...readCommon(values), msgIds: positionals };
    }
    case 'balance': {
      const { values, positionals } = parsed(rest, FLAGS.balance);
      if (positionals.length > 0) throw wrong('balance takes no arguments');
      return { command, ...readCommon(values) };
    }
  }
}

function readSend(argv: readonly string[]): SendArguments {
  const { values, positionals } = parsed(argv, FLAGS.send);
  if (values.to === undefined) throw wrong('send needs a number: --to <number>');
  return { command: 'send', ...readMessage('send', values), to: [...values.to, ...positionals] };
}

function readBulk(argv: readonly string[]): BulkArguments {
  const { values, positionals } = parsed(argv, FLAGS.bulk);
  const [input, ...others] = positionals;
  if (input === undefined || others.length > 0) throw wrong('bulk needs one file with numbers, or - for stdin');
  const message = readMessage('bulk', values);
  if (input === '-' && message.content === '-') throw wrong('stdin cannot hold both the numbers and the content');
  return {
    command: 'bulk',
    ...message,
    input,
    column: values.column,
    orderIdColumn: values['order-id-column'],
    journal: values.journal,
    concurrency: optionValue.whole('concurrency', values.concurrency),
    requestSize: optionValue.whole('request-size', values['request-size']),
    duplicates: optionValue.oneOf('duplicates', values.duplicates ?? 'keep', ['keep', 'drop', 'refuse']),
    requestsPerSecond: optionValue.rate('requests-per-second', values['requests-per-second']),
    recipientsPerSecond: optionValue.rate('recipients-per-second', values['recipients-per-second']),
  };
}

function readMessage(command: string, values: Values<typeof FLAGS.send> | Values<typeof FLAGS.bulk>): MessageArguments {
  const { content } = values;
  if (content === undefined) throw wrong(`${command} needs a text: --content <text>, or --content - for stdin`);
  if (values.price !== undefined && values['dry-run'] !== true) {
    throw wrong('--price is for the estimate of a dry run: give --dry-run too');
  }
  return {
    ...readCommon(values),
    content,
    sender: values.sender,
    dryRun: values['dry-run'] ?? false,
    price: optionValue.price(values.price),
  };
}

function readCommon(values: Values<typeof FLAGS.balance>): CommonArguments {
  return { json: values.json ?? false, quiet: values.quiet ?? false, envFile: values['env-file'] };
}

function parsed<F extends Flags>(argv: readonly string[], options: F): { values: Values<F>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    return { values: values as unknown as Values<F>, positionals };
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. To specify');
    throw wrong(message.replace(/\.$/, ''));
  }
}

function wrong(message: string): UsageError {
  return new UsageError(`${message} (see laaffic --help)`);
}
