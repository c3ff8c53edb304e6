import { OptionsReader } from 'nestjs-laaffic';
import type {
  BulkArguments,
  CommandArguments,
  CommonArguments,
  MessageArguments,
  OutboxArguments,
  OutboxStep,
  SendArguments,
} from './arguments.js';
import { flagsOf } from '../help.js';
import { argumentError, FLAGS, OUTBOX_FLAGS, parseFlags, type FlagValues } from './flags.js';
import { Price } from './price.js';

const COMMANDS = [...(Object.keys(FLAGS) as (keyof typeof FLAGS)[]), 'outbox'] as const;
const OUTBOX_STEPS = Object.keys(OUTBOX_FLAGS) as OutboxStep[];
/** As the outbox accepts it. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/;
const DECIMAL = /^\d{1,9}(?:\.\d{1,6})?$/;
/** Other users could read them in the process list and in the shell history. */
const CREDENTIAL_FLAG = /^--(?:(?:laaffic-)?(?:app|api)-?(?:id|key|secret)|secret|password|token)(?:=|$)/i;

/** @throws {UsageError} */
export function readArguments(argv: readonly string[]): CommandArguments {
  const [name, ...rest] = argv;
  if (flagsOf(argv).some((option) => CREDENTIAL_FLAG.test(option))) {
    throw argumentError(
      'credentials are never arguments because other users could read them: set LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET',
    );
  }
  const command = COMMANDS.find((known) => known === name);
  if (command === undefined) {
    throw argumentError(`${JSON.stringify(name)} is not a command: use ${COMMANDS.join(', ')}`);
  }
  switch (command) {
    case 'send':
      return readSend(rest);
    case 'bulk':
      return readBulk(rest);
    case 'reports': {
      const { values, positionals } = parseFlags(rest, FLAGS.reports);
      if (positionals.length === 0) throw argumentError('reports needs message ids, or - for ids on stdin');
      return { command, ...readCommon(values), msgIds: positionals };
    }
    case 'balance': {
      const { values, positionals } = parseFlags(rest, FLAGS.balance);
      if (positionals.length > 0) throw argumentError('balance takes no arguments');
      return { command, ...readCommon(values) };
    }
    case 'outbox':
      return readOutbox(rest);
  }
}

function readOutbox([name, ...rest]: readonly string[]): OutboxArguments {
  const step = OUTBOX_STEPS.find((known) => known === name);
  if (step === undefined) throw argumentError(`outbox needs one of ${OUTBOX_STEPS.join(', ')}`);
  const { values, positionals } = parseFlags(rest, OUTBOX_FLAGS[step]);
  const { schema = 'laaffic_outbox', account, actor, reason, ...others }: OutboxValues = values;
  if (!SCHEMA.test(schema)) {
    throw argumentError('--schema must be lower-case letters, digits and underscores, at most 50');
  }
  return {
    command: 'outbox',
    ...readCommon(values),
    step,
    schema,
    account,
    ...readPlace(step, positionals),
    ...readBackup(step, others['backup-at'], others['not-started']),
    actor: actor ?? 'laaffic-cli',
    reason,
    showNumbers: others['show-numbers'] ?? false,
  };
}

type OutboxValues = Partial<
  FlagValues<typeof OUTBOX_FLAGS.held> &
    FlagValues<typeof OUTBOX_FLAGS.pause> &
    FlagValues<typeof OUTBOX_FLAGS.restored>
>;

/** Reads the flags of `restored`. */
function readBackup(
  step: OutboxStep,
  backupAt: string | undefined,
  notStarted: string | undefined,
): Pick<OutboxArguments, 'backupAt' | 'notStarted'> {
  if (step !== 'restored') return { backupAt: undefined, notStarted: [] };
  // Without a zone the time would be that of whichever machine runs the command.
  if (backupAt === undefined || !INSTANT.test(backupAt) || Number.isNaN(Date.parse(backupAt))) {
    throw argumentError('outbox restored needs the time of the backup: --backup-at 2026-11-30T02:00:00Z');
  }
  if (notStarted !== undefined && !/^\d+(?:,\d+)*$/.test(notStarted)) {
    throw argumentError('--not-started must be ids of campaigns, such as 7,8');
  }
  return { backupAt: new Date(backupAt), notStarted: notStarted?.split(',') ?? [] };
}

/** Reads the version of `rollback`, the lane of `pause` and `resume`, or the number of `erase`. */
function readPlace(
  step: OutboxStep,
  positionals: readonly string[],
): Pick<OutboxArguments, 'version' | 'lane' | 'number'> {
  const [place, ...others] = positionals;
  const none = { version: undefined, lane: undefined, number: undefined };
  if (step === 'rollback') {
    if (place === undefined || others.length > 0 || !/^\d{1,6}$/.test(place)) {
      throw argumentError('outbox rollback needs the version to return to, such as 1');
    }
    return { ...none, version: Number(place) };
  }
  if (step === 'pause' || step === 'resume') {
    const lane = (['priority', 'bulk'] as const).find((known) => known === place);
    if (others.length > 0 || (place !== undefined && lane === undefined)) {
      throw argumentError(`outbox ${step} takes the lane priority or bulk, or none for both`);
    }
    return { ...none, lane };
  }
  if (step === 'erase') {
    if (place === undefined || others.length > 0) throw argumentError('outbox erase needs one number');
    return { ...none, number: place };
  }
  if (place !== undefined) throw argumentError(`outbox ${step} takes no arguments`);
  return none;
}

function readSend(argv: readonly string[]): SendArguments {
  const { values, positionals } = parseFlags(argv, FLAGS.send);
  if (values.to === undefined) throw argumentError('send needs a number: --to <number>');
  const reader = new OptionsReader({}, '--');
  const message = readMessage('send', values, reader);
  throwProblems(reader);
  return { command: 'send', ...message, to: [...values.to, ...positionals] };
}

function readBulk(argv: readonly string[]): BulkArguments {
  const { values, positionals } = parseFlags(argv, FLAGS.bulk);
  const [input, ...others] = positionals;
  if (input === undefined || others.length > 0) {
    throw argumentError('bulk needs one file of numbers, or - for stdin');
  }
  const typed = Object.entries(values).map(([flag, value]) => [flag, toTyped(value)]);
  const reader = new OptionsReader(Object.fromEntries(typed), '--');
  const given: BulkArguments = {
    command: 'bulk',
    ...readMessage('bulk', values, reader),
    input,
    numberColumn: values['number-column'],
    orderIdColumn: values['order-id-column'],
    encoding: values.encoding,
    journal: values.journal,
    concurrency: reader.wholeNumber('concurrency', undefined, { max: Infinity }),
    batchSize: reader.wholeNumber('batch-size', undefined, { max: Infinity }),
    duplicates: reader.oneOf('duplicates', ['keep', 'drop', 'reject'], 'keep'),
    requestsPerSecond: reader.positiveNumber('requests-per-second'),
    recipientsPerSecond: reader.positiveNumber('recipients-per-second'),
  };
  throwProblems(reader);
  if (input === '-' && given.content === '-') {
    throw argumentError('stdin cannot hold both the numbers and the content');
  }
  return given;
}

/** `OptionsReader` ignores blank text, but a blank flag is a mistake, such as an unset shell variable. */
function toTyped(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (value.trim() === '') return NaN;
  return DECIMAL.test(value) ? Number(value) : value;
}

function throwProblems({ problems }: OptionsReader): void {
  if (problems.length > 0) throw argumentError(problems.join('; '));
}

function readMessage(
  command: string,
  values: FlagValues<typeof FLAGS.send> | FlagValues<typeof FLAGS.bulk>,
  reader: OptionsReader,
): MessageArguments {
  const { content, 'price-per-part': price } = values;
  if (content === undefined) {
    throw argumentError(`${command} needs a text: --content <text>, or --content - for stdin`);
  }
  if (price !== undefined && values['dry-run'] !== true) {
    throw argumentError('--price-per-part is only for a dry run: add --dry-run');
  }
  const pricePerPart = price === undefined ? undefined : Price.from(price);
  if (price !== undefined && pricePerPart === undefined) {
    reader.report('price-per-part', 'must be an amount such as 0.0123');
  }
  return {
    ...readCommon(values),
    content,
    senderId: values['sender-id'],
    dryRun: values['dry-run'] ?? false,
    pricePerPart,
  };
}

function readCommon(values: FlagValues<typeof FLAGS.balance>): CommonArguments {
  return { json: values.json ?? false, quiet: values.quiet ?? false, envFile: values['env-file'] };
}
