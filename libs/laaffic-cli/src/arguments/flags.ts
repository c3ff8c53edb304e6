import { parseArgs } from 'node:util';
import { UsageError } from '../command.error.js';

const COMMON_FLAGS = {
  json: { type: 'boolean' },
  quiet: { type: 'boolean', short: 'q' },
  'env-file': { type: 'string' },
} as const;

const MESSAGE_FLAGS = {
  ...COMMON_FLAGS,
  content: { type: 'string', short: 'c' },
  'sender-id': { type: 'string' },
  'dry-run': { type: 'boolean' },
  'price-per-part': { type: 'string' },
} as const;

/** The flags of each command, in the form that `parseArgs` takes. */
export const FLAGS = {
  send: { ...MESSAGE_FLAGS, to: { type: 'string', multiple: true } },
  bulk: {
    ...MESSAGE_FLAGS,
    'number-column': { type: 'string' },
    'order-id-column': { type: 'string' },
    encoding: { type: 'string' },
    journal: { type: 'string' },
    concurrency: { type: 'string' },
    'batch-size': { type: 'string' },
    duplicates: { type: 'string' },
    'requests-per-second': { type: 'string' },
    'recipients-per-second': { type: 'string' },
  },
  reports: COMMON_FLAGS,
  balance: COMMON_FLAGS,
} as const;

const SCHEMA_FLAGS = { ...COMMON_FLAGS, schema: { type: 'string' } } as const;
const ACCOUNT_FLAGS = { ...SCHEMA_FLAGS, account: { type: 'string' } } as const;
const ACTOR_FLAGS = { ...ACCOUNT_FLAGS, actor: { type: 'string' } } as const;
const PAUSE_FLAGS = { ...ACTOR_FLAGS, reason: { type: 'string' } } as const;

/** The flags of each step of `laaffic outbox`. */
export const OUTBOX_FLAGS = {
  migrate: SCHEMA_FLAGS,
  status: ACCOUNT_FLAGS,
  plan: SCHEMA_FLAGS,
  rollback: SCHEMA_FLAGS,
  held: { ...ACCOUNT_FLAGS, 'show-numbers': { type: 'boolean' } },
  pause: PAUSE_FLAGS,
  resume: ACTOR_FLAGS,
  drain: PAUSE_FLAGS,
  restored: { ...SCHEMA_FLAGS, 'backup-at': { type: 'string' }, 'not-started': { type: 'string' } },
  erase: ACTOR_FLAGS,
} as const;

type Flags = Record<string, { readonly type: 'string' | 'boolean'; readonly multiple?: boolean }>;

/** The values of flags as they were typed. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]: F[Name] extends { readonly multiple: true }
    ? string[] | undefined
    : F[Name] extends { readonly type: 'boolean' }
      ? boolean | undefined
      : string | undefined;
};

/** @throws {UsageError} on an unknown flag, or a flag without its value. */
export function parseFlags<F extends Flags>(
  argv: readonly string[],
  flags: F,
): { values: FlagValues<F>; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({ args: [...argv], options: flags, allowPositionals: true });
    return { values: values as unknown as FlagValues<F>, positionals };
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. To specify');
    throw argumentError(message.replace(/\.$/, ''));
  }
}

/** An error that points to the help. */
export function argumentError(message: string): UsageError {
  return new UsageError(`${message} (see laaffic --help)`);
}
