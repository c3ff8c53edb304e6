import type { Pool } from 'pg';
import { OutboxOptionsError } from './outbox-options.error.js';
import type { AfterGrace, Lane } from './outbox.options.js';

const AFTER_GRACE = ['hold', 'resend', 'abandon'] as const;
const DAY = 24 * 60 * 60 * 1000;
const HUNDRED_YEARS = 36_525 * DAY;
/** Node's timers fire at once beyond it, and no interval of PostgreSQL that is made of it overflows. */
const LONGEST = 2 ** 31 - 1;
/** One each to claim for either lane, to write outcomes down and for upkeep, so that none waits for another, and one for all else. */
const LEAST_OF_A_WORKER = 5;
/** PostgreSQL cuts names beyond it; the longest of ours is made of the schema's name and a few more letters. */
const SCHEMA = /^[a-z_][a-z0-9_]{0,49}$/;

/** The options checked, filled with their defaults, and frozen. */
export class OutboxSettings {
  readonly database: string | Pool;
  /** Of the pool that is opened; `undefined` with a pool of the app's. */
  readonly connections: number | undefined;
  readonly schema: string;
  readonly migrate: boolean;
  /** `undefined` where this process does not send. */
  readonly worker: { readonly slots: Readonly<Record<Lane, number>>; readonly poll: number } | undefined;
  readonly rate: {
    readonly recipientsPerSecond: number | undefined;
    readonly requestsPerSecond: number | undefined;
    readonly priorityShare: number;
  };
  readonly timing: {
    readonly startWithin: number;
    readonly timeout: number;
    readonly lease: number;
    readonly grace: number;
    readonly lookup: number | false;
    readonly reportsAfter: number | false;
  };
  readonly afterGrace: Readonly<Record<Lane, AfterGrace>>;
  readonly retention: number | false;

  /** @throws {OutboxOptionsError} naming each field that is missing, unknown or out of range. */
  constructor(options: unknown) {
    const problems: string[] = [];
    const all = new Fields(options, '', problems);
    const worker = all.get('worker') ?? true;
    const workerFields = new Fields(typeof worker === 'boolean' ? {} : worker, 'worker.', problems);
    const rate = new Fields(all.get('rate') ?? {}, 'rate.', problems);
    const timing = new Fields(all.get('timing') ?? {}, 'timing.', problems);
    const afterGrace = new Fields(all.get('afterGrace') ?? {}, 'afterGrace.', problems);

    this.database = readDatabase(all);
    this.connections = readConnections(all, typeof this.database === 'object', worker !== false);
    this.schema = all.text('schema', 'laaffic_outbox', SCHEMA, 'must be lower-case letters, digits and underscores');
    this.migrate = all.boolean('migrate', true);
    const slots = Object.freeze({
      priority: workerFields.whole('prioritySlots', 20),
      bulk: workerFields.whole('bulkSlots', 6),
    });
    const poll = workerFields.whole('poll', 1_000);
    this.worker = worker === false ? undefined : Object.freeze({ slots, poll });
    this.rate = Object.freeze({
      recipientsPerSecond: rate.limit('recipientsPerSecond'),
      requestsPerSecond: rate.limit('requestsPerSecond'),
      priorityShare: rate.fraction('priorityShare', 0.2),
    });
    this.timing = Object.freeze({
      startWithin: timing.whole('startWithin', 5_000),
      timeout: timing.whole('timeout', 30_000),
      lease: timing.whole('lease', 60_000),
      grace: timing.whole('grace', 15 * 60_000),
      lookup: timing.wholeOrFalse('lookup', 60_000),
      reportsAfter: timing.wholeOrFalse('reportsAfter', 15 * 60_000),
    });
    this.afterGrace = Object.freeze({
      priority: afterGrace.oneOf('priority', AFTER_GRACE, 'hold'),
      bulk: afterGrace.oneOf('bulk', AFTER_GRACE, 'hold'),
    });
    this.retention = all.wholeOrFalse('retention', 90 * DAY, HUNDRED_YEARS);

    const { startWithin, timeout, lease } = this.timing;
    if (startWithin + timeout >= lease) {
      problems.push('timing.lease must be longer than timing.startWithin and timing.timeout together');
    }
    for (const fields of [all, workerFields, rate, timing, afterGrace]) fields.refuseUnknown();
    if (problems.length > 0) throw new OutboxOptionsError(problems);
    Object.freeze(this);
  }
}

function readDatabase(fields: Fields): string | Pool {
  const value = fields.get('database');
  if (typeof value === 'string' && /^postgres(ql)?:\/\//.test(value)) return value;
  if (typeof value === 'object' && value !== null && 'connect' in value && 'query' in value) return value as Pool;
  fields.report('database', 'must be a URL that begins with postgres://, or a pg.Pool');
  return '';
}

function readConnections(fields: Fields, isPool: boolean, isWorker: boolean): number | undefined {
  if (!isPool) return fields.whole('connections', 10, LONGEST, isWorker ? LEAST_OF_A_WORKER : 1);
  if (fields.get('connections') !== undefined) {
    fields.report('connections', 'goes with a URL; the pg.Pool that is given has its own max');
  }
  return undefined;
}

/** Reads fields of one options object and collects what is wrong with them. */
class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #known = new Set<string>();

  constructor(
    options: unknown,
    private readonly path: string,
    private readonly problems: string[],
  ) {
    const isObject = typeof options === 'object' && options !== null;
    if (!isObject) problems.push(`${path === '' ? 'options' : path.slice(0, -1)} must be an object`);
    this.#fields = isObject ? (options as Record<string, unknown>) : {};
  }

  get(field: string): unknown {
    this.#known.add(field);
    return this.#fields[field] ?? undefined;
  }

  boolean(field: string, fallback: boolean): boolean {
    const value = this.get(field) ?? fallback;
    if (typeof value === 'boolean') return value;
    this.report(field, 'must be true or false');
    return fallback;
  }

  text(field: string, fallback: string, form: RegExp, problem: string): string {
    const value = this.get(field) ?? fallback;
    if (typeof value === 'string' && form.test(value)) return value;
    this.report(field, problem);
    return fallback;
  }

  /** Milliseconds or a count. */
  whole(field: string, fallback: number, most = LONGEST, least = 1): number {
    const value = this.get(field) ?? fallback;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    this.report(field, `must be a whole number from ${least} to ${most}`);
    return fallback;
  }

  wholeOrFalse(field: string, fallback: number, most = LONGEST): number | false {
    return this.get(field) === false ? false : this.whole(field, fallback, most);
  }

  limit(field: string): number | undefined {
    const value = this.get(field);
    if (value === undefined || (typeof value === 'number' && value > 0 && value < Infinity)) return value;
    this.report(field, 'must be a number above 0');
    return undefined;
  }

  fraction(field: string, fallback: number): number {
    const value = this.get(field) ?? fallback;
    if (typeof value === 'number' && value >= 0 && value <= 0.9) return value;
    this.report(field, 'must be a number from 0 to 0.9');
    return fallback;
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], fallback: T): T {
    const value = this.get(field) ?? fallback;
    const found = allowed.find((one) => one === value);
    if (found === undefined) this.report(field, `must be one of ${allowed.join(', ')}`);
    return found ?? fallback;
  }

  refuseUnknown(): void {
    for (const field of Object.keys(this.#fields)) {
      if (!this.#known.has(field)) this.report(field, `is no option; known are ${[...this.#known].join(', ')}`);
    }
  }

  report(field: string, problem: string): void {
    this.problems.push(`${this.path}${field} ${problem}`);
  }
}
