import { Pool } from 'pg';
import { OutboxOptionsError } from './outbox-options.error.js';
import { OutboxSettings } from './outbox.settings.js';

const database = 'postgres://localhost/app';

const DEFAULTS = {
  database,
  connections: 10,
  schema: 'laaffic_outbox',
  migrate: true,
  worker: { slots: { priority: 20, bulk: 6 }, poll: 1_000 },
  rate: { recipientsPerSecond: undefined, requestsPerSecond: undefined, priorityShare: 0.2 },
  timing: {
    ...{ startWithin: 5_000, timeout: 30_000, lease: 60_000 },
    ...{ grace: 900_000, lookup: 60_000, reportsAfter: 900_000 },
  },
  afterGrace: { priority: 'hold', bulk: 'hold' },
  retention: 7_776_000_000,
};

function problemsOf(options: unknown): readonly string[] {
  try {
    new OutboxSettings(options);
    return [];
  } catch (error) {
    if (error instanceof OutboxOptionsError) return error.problems;
    throw error;
  }
}

describe('OutboxSettings', () => {
  it('fills in what is not given', () => {
    expect(new OutboxSettings({ database })).toEqual(DEFAULTS);
  });

  it('takes every field', () => {
    const given = {
      ...{ database: 'postgresql://db.example/app', connections: 5, schema: 'sms_1', migrate: false },
      worker: { prioritySlots: 1, bulkSlots: 2, poll: 3 },
      rate: { recipientsPerSecond: 0.5, requestsPerSecond: 7, priorityShare: 0 },
      timing: { startWithin: 1, timeout: 2, lease: 4, grace: 1, lookup: false, reportsAfter: false },
      afterGrace: { priority: 'resend', bulk: 'abandon' },
      retention: false,
    };
    expect(new OutboxSettings(given)).toEqual({
      ...given,
      worker: { slots: { priority: 1, bulk: 2 }, poll: 3 },
    });
  });

  it.each([
    [true, DEFAULTS.worker],
    [false, undefined],
    [{ bulkSlots: 1 }, { slots: { priority: 20, bulk: 1 }, poll: 1_000 }],
  ])('takes %j for a worker', (worker, expected) => {
    expect(new OutboxSettings({ database, worker }).worker).toEqual(expected);
  });

  it('takes a pool, and is frozen through and through', () => {
    const pool = new Pool();
    const settings = new OutboxSettings({ database: pool });
    expect([settings.database === pool, settings.connections]).toEqual([true, undefined]);
    const parts = [
      settings,
      settings.worker,
      settings.worker?.slots,
      settings.rate,
      settings.timing,
      settings.afterGrace,
    ];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('takes one connection where nothing is sent', () => {
    expect(new OutboxSettings({ database, worker: false, connections: 1 }).connections).toBe(1);
  });

  it('takes the longest times that the database can reckon with', () => {
    const [longest, retention] = [2 ** 31 - 1, 36_525 * 24 * 60 * 60 * 1000];
    const timing = { grace: longest, lookup: longest, reportsAfter: longest };
    const settings = new OutboxSettings({ database, timing, retention });
    expect([settings.timing, settings.retention]).toEqual([{ ...DEFAULTS.timing, ...timing }, retention]);
  });

  const whole = 'must be a whole number from 1 to';
  const known = 'is no option; known are';
  it.each([
    [undefined, 'options must be an object'],
    ['postgres://', 'options must be an object'],
    [{}, 'database must be a URL that begins with postgres://, or a pg.Pool'],
    [{ database: 'mysql://localhost' }, 'database must be a URL that begins with postgres://, or a pg.Pool'],
    [{ database: {} }, 'database must be a URL that begins with postgres://, or a pg.Pool'],
    [{ database, schema: 'A' }, 'schema must be lower-case letters, digits and underscores'],
    [{ database, schema: 'a"b' }, 'schema must be lower-case letters, digits and underscores'],
    [{ database, schema: 'a'.repeat(51) }, 'schema must be lower-case letters, digits and underscores'],
    [{ database, migrate: 'no' }, 'migrate must be true or false'],
    [{ database, worker: 5 }, 'worker must be an object'],
    [{ database, worker: { prioritySlots: 0 } }, `worker.prioritySlots ${whole} 2147483647`],
    [{ database, worker: { bulkSlots: 1.5 } }, `worker.bulkSlots ${whole} 2147483647`],
    [{ database, worker: { poll: 2 ** 31 } }, `worker.poll ${whole} 2147483647`],
    [{ database, worker: { slots: 1 } }, `worker.slots ${known} prioritySlots, bulkSlots, poll`],
    [{ database, rate: 300 }, 'rate must be an object'],
    [{ database, rate: { recipientsPerSecond: 0 } }, 'rate.recipientsPerSecond must be a number above 0'],
    [{ database, rate: { requestsPerSecond: Infinity } }, 'rate.requestsPerSecond must be a number above 0'],
    [{ database, rate: { requestsPerSecond: NaN } }, 'rate.requestsPerSecond must be a number above 0'],
    [{ database, rate: { priorityShare: 1 } }, 'rate.priorityShare must be a number from 0 to 0.9'],
    [{ database, rate: { rps: 1 } }, `rate.rps ${known} recipientsPerSecond, requestsPerSecond, priorityShare`],
    [
      { database, timing: [] as unknown, rate: { priorityShare: -0.1 } },
      'rate.priorityShare must be a number from 0 to 0.9',
    ],
    [{ database, timing: { startWithin: -1 } }, `timing.startWithin ${whole} 2147483647`],
    [{ database, timing: { timeout: '30' } }, `timing.timeout ${whole} 2147483647`],
    [{ database, timing: { lease: NaN } }, `timing.lease ${whole} 2147483647`],
    [{ database, timing: { grace: false } }, `timing.grace ${whole} 2147483647`],
    [{ database, timing: { lookup: true } }, `timing.lookup ${whole} 2147483647`],
    [{ database, timing: { lookup: 2 ** 31 } }, `timing.lookup ${whole} 2147483647`],
    [{ database, timing: { reportsAfter: 0 } }, `timing.reportsAfter ${whole} 2147483647`],
    [{ database, timing: { reportsAfter: Number.MAX_SAFE_INTEGER } }, `timing.reportsAfter ${whole} 2147483647`],
    [
      { database, timing: { startWithin: 30_000, timeout: 30_000 } },
      'timing.lease must be longer than timing.startWithin and timing.timeout together',
    ],
    [
      { database, timing: { lease: 35_000 } },
      'timing.lease must be longer than timing.startWithin and timing.timeout together',
    ],
    [{ database, afterGrace: { bulk: 'retry' } }, 'afterGrace.bulk must be one of hold, resend, abandon'],
    [{ database, afterGrace: { all: 'hold' } }, `afterGrace.all ${known} priority, bulk`],
    [{ database, retention: true }, `retention ${whole} 3155760000000`],
    [{ database, retention: Number.MAX_SAFE_INTEGER }, `retention ${whole} 3155760000000`],
    [{ database, connections: 4 }, 'connections must be a whole number from 5 to 2147483647'],
    [{ database, connections: 0, worker: false }, `connections ${whole} 2147483647`],
    [
      { database: new Pool(), connections: 5 },
      'connections goes with a URL; the pg.Pool that is given has its own max',
    ],
    [
      { database, lease: 1 },
      `lease ${known} worker, rate, timing, afterGrace, database, connections, schema, migrate, retention`,
    ],
  ])('refuses %j', (options, problem) => {
    expect(problemsOf(options)).toContain(problem);
    if (options !== undefined && options !== 'postgres://') expect(problemsOf(options)).toHaveLength(1);
  });

  it('says everything that is wrong at once', () => {
    const options = { migrate: 1, worker: { poll: 0 }, rate: { x: 1 }, timing: { lease: 1 }, afterGrace: { bulk: '' } };
    expect(problemsOf(options)).toEqual([
      'database must be a URL that begins with postgres://, or a pg.Pool',
      'migrate must be true or false',
      `worker.poll ${whole} 2147483647`,
      'afterGrace.bulk must be one of hold, resend, abandon',
      'timing.lease must be longer than timing.startWithin and timing.timeout together',
      `rate.x ${known} recipientsPerSecond, requestsPerSecond, priorityShare`,
    ]);
    expect(() => new OutboxSettings(options)).toThrow(
      /^Invalid options of LaafficOutboxModule: database .*; worker\.poll /,
    );
  });
});
