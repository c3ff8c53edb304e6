import type { KeyObject } from 'node:crypto';
import { OptionsReader } from 'nestjs-laaffic';
import type { Pool } from 'pg';
import { OutboxOptionsError } from '../errors/outbox.error.js';
import { readReplyKeywords } from '../replies/read-reply-keywords.js';
import type { ReplyKeywords } from '../replies/reply-keywords.js';
import { readGivenPrices, type GivenPrice } from './given-prices.js';
import { readSecretKeys } from './secret-keys.js';
import { UNCONFIRMED_ACTIONS, type Lane, type UnconfirmedAction } from './outbox.options.js';

const DAY_MS = 24 * 60 * 60 * 1000;
const HUNDRED_YEARS_MS = 36_525 * DAY_MS;
/**
 * One connection each to claim for either lane, to store outcomes and for maintenance, so none waits for another. One
 * for the rest.
 */
const MIN_WORKER_CONNECTIONS = 5;
/** PostgreSQL truncates longer names. Our longest name is the schema's name and a few more letters. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;

/** The checked options, with all defaults, frozen. */
export class OutboxSettings {
  readonly database: string | Pool;
  /** The connections of the module's own pool; `undefined` with a pool of the app. */
  readonly connections: number | undefined;
  /** Where to listen, if `database` leads to a pooler. */
  readonly listenUrl: string | undefined;
  readonly notify: boolean;
  readonly schema: string;
  readonly migrate: boolean;
  /** `undefined` if this process does not send. */
  readonly worker: { readonly slots: Readonly<Record<Lane, number>>; readonly pollIntervalMs: number } | undefined;
  readonly rate: {
    readonly recipientsPerSecond: number | undefined;
    readonly requestsPerSecond: number | undefined;
    readonly priorityShare: number;
  };
  readonly timing: {
    readonly startWithinMs: number;
    readonly timeoutMs: number;
    readonly leaseMs: number;
    readonly gracePeriodMs: number;
    readonly lookupIntervalMs: number | false;
    readonly reportsAfterMs: number | false;
    readonly inboundIntervalMs: number | false;
  };
  readonly onUnconfirmed: Readonly<Record<Lane, UnconfirmedAction>>;
  readonly events: { readonly maxTries: number };
  readonly replies: { readonly keywords: ReplyKeywords; readonly scope: 'account' | 'sender' };
  readonly retentionMs: number | false;
  readonly deleteAfterMs: number | false;
  readonly idempotencyKeysKeptMs: number | false;
  /** The first one seals, all of them open. They are objects that do not show their bytes when they are printed. */
  readonly sealKeys: readonly KeyObject[];
  readonly sealed: boolean;
  readonly prices: Readonly<Record<string, GivenPrice>>;

  /**
   * @param account the name of the account; `undefined` for the default account.
   * @throws {OutboxOptionsError} naming each field that is missing, unknown or out of range.
   */
  constructor(options: unknown, account?: string) {
    const reader = new OptionsReader(options);
    const worker = reader.value('worker') ?? true;
    const workerReader =
      typeof worker === 'boolean' ? new OptionsReader({}, 'worker.', reader.issues) : reader.nested('worker');
    const rate = reader.nested('rate');
    const timing = reader.nested('timing');
    const onUnconfirmed = reader.nested('onUnconfirmed');
    const events = reader.nested('events');
    const replies = reader.nested('replies');

    this.database = readDatabase(reader);
    this.connections = readConnections(reader, typeof this.database === 'object', worker !== false);
    this.listenUrl = readListenUrl(reader);
    this.notify = reader.boolean('notify', true);
    this.schema = reader.text('schema', 'laaffic_outbox', SCHEMA, 'must be lower-case letters, digits and underscores');
    this.migrate = reader.boolean('migrate', true);
    const slots = Object.freeze({
      priority: workerReader.wholeNumber('prioritySlots', 20),
      bulk: workerReader.wholeNumber('bulkSlots', 6),
    });
    const pollIntervalMs = workerReader.wholeNumber('pollIntervalMs', 1_000);
    this.worker = worker === false ? undefined : Object.freeze({ slots, pollIntervalMs });
    this.rate = Object.freeze({
      recipientsPerSecond: rate.positiveNumber('recipientsPerSecond'),
      requestsPerSecond: rate.positiveNumber('requestsPerSecond'),
      priorityShare: rate.number('priorityShare', 0.2, { min: 0, max: 0.9 }),
    });
    this.timing = Object.freeze({
      startWithinMs: timing.wholeNumber('startWithinMs', 5_000),
      timeoutMs: timing.wholeNumber('timeoutMs', 30_000),
      leaseMs: timing.wholeNumber('leaseMs', 60_000),
      gracePeriodMs: timing.wholeNumber('gracePeriodMs', 15 * 60_000),
      lookupIntervalMs: timing.wholeNumberOrFalse('lookupIntervalMs', 60_000),
      reportsAfterMs: timing.wholeNumberOrFalse('reportsAfterMs', 15 * 60_000),
      inboundIntervalMs: timing.wholeNumberOrFalse('inboundIntervalMs', 60 * 60_000),
    });
    this.onUnconfirmed = Object.freeze({
      priority: onUnconfirmed.oneOf('priority', UNCONFIRMED_ACTIONS, 'hold'),
      bulk: onUnconfirmed.oneOf('bulk', UNCONFIRMED_ACTIONS, 'hold'),
    });
    this.replies = Object.freeze({
      keywords: readReplyKeywords(replies, 'keywords'),
      scope: replies.oneOf('scope', ['account', 'sender'], 'account'),
    });
    this.events = Object.freeze({ maxTries: events.wholeNumber('maxTries', 20) });
    this.retentionMs = reader.wholeNumberOrFalse('retentionMs', 90 * DAY_MS, { max: HUNDRED_YEARS_MS });
    this.deleteAfterMs = readDeleteAfter(reader, this.retentionMs);
    this.idempotencyKeysKeptMs = reader.wholeNumberOrFalse('idempotencyKeysKeptMs', 30 * DAY_MS, {
      max: HUNDRED_YEARS_MS,
    });
    this.sealKeys = readSecretKeys(reader, 'sealKeys');
    this.sealed = reader.boolean('sealed', false);
    if (this.sealed && this.sealKeys.length === 0) reader.report('sealed', 'needs sealKeys');
    this.prices = readGivenPrices(reader, 'prices');

    const { startWithinMs, timeoutMs, leaseMs } = this.timing;
    if (startWithinMs + timeoutMs >= leaseMs) {
      timing.report('leaseMs', 'must be longer than timing.startWithinMs and timing.timeoutMs together');
    }
    for (const each of [workerReader, rate, timing, onUnconfirmed, events, replies, reader]) each.rejectUnknown();
    if (reader.problems.length > 0) throw new OutboxOptionsError(reader.problems, account);
    Object.freeze(this);
  }
}

const POSTGRES_URL = /^postgres(ql)?:\/\//;

function readListenUrl(reader: OptionsReader): string | undefined {
  const value = reader.value('listenUrl');
  if (value === undefined || (typeof value === 'string' && POSTGRES_URL.test(value))) return value;
  reader.report('listenUrl', 'must be a URL that begins with postgres://');
  return undefined;
}

function readDatabase(reader: OptionsReader): string | Pool {
  const value = reader.value('database');
  if (typeof value === 'string' && POSTGRES_URL.test(value)) return value;
  if (typeof value === 'object' && value !== null && 'connect' in value && 'query' in value) return value as Pool;
  reader.report('database', 'must be a URL that begins with postgres://, or a pg.Pool');
  return '';
}

/** Nothing is deleted before its numbers and texts are. */
function readDeleteAfter(reader: OptionsReader, retentionMs: number | false): number | false {
  if (retentionMs === false) {
    if ((reader.value('deleteAfterMs') ?? false) !== false) {
      reader.report('deleteAfterMs', 'must be false or missing, because retentionMs is false and keeps everything');
    }
    return false;
  }
  const longest = Math.max(180 * DAY_MS, retentionMs);
  const deleteAfterMs = reader.wholeNumberOrFalse('deleteAfterMs', longest, { max: HUNDRED_YEARS_MS });
  if (deleteAfterMs !== false && deleteAfterMs < retentionMs) {
    reader.report('deleteAfterMs', `must not be less than retentionMs, which is ${retentionMs}`);
  }
  return deleteAfterMs;
}

function readConnections(reader: OptionsReader, isPool: boolean, isWorker: boolean): number | undefined {
  if (!isPool) return reader.wholeNumber('connections', 10, { min: isWorker ? MIN_WORKER_CONNECTIONS : 1 });
  if (reader.value('connections') !== undefined) {
    reader.report('connections', 'needs a database URL: a pg.Pool has its own max');
  }
  return undefined;
}
