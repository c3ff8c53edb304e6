import { createSecretKey } from 'node:crypto';
import { inspect } from 'node:util';
import { Pool } from 'pg';
import { OutboxOptionsError } from '../errors/outbox.error.js';
import { ReplyKeywords } from '../replies/reply-keywords.js';
import { OutboxSettings } from './outbox.settings.js';

const database = 'postgres://localhost/app';

const DEFAULTS = {
  database,
  connections: 10,
  listenUrl: undefined,
  notify: true,
  schema: 'laaffic_outbox',
  migrate: true,
  worker: { slots: { priority: 20, bulk: 6 }, pollIntervalMs: 1_000 },
  rate: { recipientsPerSecond: undefined, requestsPerSecond: undefined, priorityShare: 0.2 },
  timing: {
    ...{ startWithinMs: 5_000, timeoutMs: 30_000, leaseMs: 60_000 },
    ...{ gracePeriodMs: 900_000, lookupIntervalMs: 60_000, reportsAfterMs: 900_000, inboundIntervalMs: 3_600_000 },
  },
  onUnconfirmed: { priority: 'hold', bulk: 'hold' },
  events: { maxTries: 20 },
  replies: { keywords: new ReplyKeywords(), scope: 'account' },
  retentionMs: 7_776_000_000,
  deleteAfterMs: 15_552_000_000,
  idempotencyKeysKeptMs: 2_592_000_000,
  sealKeys: [],
  sealed: false,
  prices: {},
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
  it('fills in the defaults', () => {
    expect(new OutboxSettings({ database })).toEqual(DEFAULTS);
  });

  it('accepts every field', () => {
    const given = {
      ...{ database: 'postgresql://db.example/app', connections: 5, schema: 'sms_1', migrate: false },
      ...{ listenUrl: 'postgres://direct.example/app', notify: false },
      worker: { prioritySlots: 1, bulkSlots: 2, pollIntervalMs: 3 },
      rate: { recipientsPerSecond: 0.5, requestsPerSecond: 7, priorityShare: 0 },
      timing: {
        startWithinMs: 1,
        timeoutMs: 2,
        leaseMs: 4,
        gracePeriodMs: 1,
        lookupIntervalMs: false,
        reportsAfterMs: false,
        inboundIntervalMs: false,
      },
      onUnconfirmed: { priority: 'resend', bulk: 'abandon' },
      events: { maxTries: 1 },
      replies: { keywords: { add: { de: ['AUS'] } }, scope: 'sender' },
      ...{ retentionMs: 1, deleteAfterMs: false, idempotencyKeysKeptMs: false },
      ...{ sealKeys: [Buffer.alloc(32, 1).toString('base64')], sealed: true },
      prices: { GB: { price: '0.04', currency: 'EUR' }, IN: { price: '0', currency: 'USD' } },
    };
    expect(new OutboxSettings(given)).toEqual({
      ...given,
      sealKeys: [createSecretKey(Buffer.alloc(32, 1))],
      worker: { slots: { priority: 1, bulk: 2 }, pollIntervalMs: 3 },
      replies: { keywords: expect.any(ReplyKeywords) as ReplyKeywords, scope: 'sender' },
    });
    expect(new OutboxSettings(given).replies.keywords.classify('aus')).toEqual({ type: 'opt-out', keyword: 'AUS' });
  });

  it.each([
    [true, DEFAULTS.worker],
    [false, undefined],
    [{ bulkSlots: 1 }, { slots: { priority: 20, bulk: 1 }, pollIntervalMs: 1_000 }],
  ])('accepts %j as worker', (worker, expected) => {
    expect(new OutboxSettings({ database, worker }).worker).toEqual(expected);
  });

  it.each([
    [{}, 15_552_000_000],
    [{ retentionMs: 31_536_000_000 }, 31_536_000_000],
    [{ retentionMs: false }, false],
    [{ retentionMs: 5, deleteAfterMs: 5 }, 5],
  ] as const)('deletes with %j after %j ms', (options, expected) => {
    expect(new OutboxSettings({ database, ...options }).deleteAfterMs).toBe(expected);
  });

  it('accepts a pool, and freezes the settings with all their parts', () => {
    const pool = new Pool();
    const settings = new OutboxSettings({ database: pool });
    expect(settings.database === pool).toBe(true);
    expect(settings.connections).toBeUndefined();
    const parts = [
      settings,
      settings.worker,
      settings.worker?.slots,
      settings.rate,
      settings.timing,
      settings.replies,
      settings.onUnconfirmed,
    ];
    expect(parts.map((part) => Object.isFrozen(part))).toEqual(parts.map(() => true));
  });

  it('accepts one connection if the process does not send', () => {
    expect(new OutboxSettings({ database, worker: false, connections: 1 }).connections).toBe(1);
  });

  it('accepts the longest times that the database can compute with', () => {
    const [longest, retentionMs] = [2 ** 31 - 1, 36_525 * 24 * 60 * 60 * 1000];
    const timing = {
      gracePeriodMs: longest,
      lookupIntervalMs: longest,
      reportsAfterMs: longest,
      inboundIntervalMs: longest,
    };
    const settings = new OutboxSettings({ database, timing, retentionMs });
    expect(settings.timing).toEqual({ ...DEFAULTS.timing, ...timing });
    expect(settings.retentionMs).toEqual(retentionMs);
  });

  const whole = 'must be a whole number from 1 to';
  const known = 'is not an option; known options:';
  const country = 'must be named by the ISO code of a country, in two capital letters';
  const amount = "must be a decimal as text, such as '0.04'";
  const currency = "must be the code of a currency, such as 'EUR'";
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
    [{ database, worker: { pollIntervalMs: 2 ** 31 } }, `worker.pollIntervalMs ${whole} 2147483647`],
    [{ database, worker: { slots: 1 } }, `worker.slots ${known} prioritySlots, bulkSlots, pollIntervalMs`],
    [{ database, rate: 300 }, 'rate must be an object'],
    [{ database, rate: { recipientsPerSecond: 0 } }, 'rate.recipientsPerSecond must be a number above 0'],
    [{ database, rate: { requestsPerSecond: Infinity } }, 'rate.requestsPerSecond must be a number above 0'],
    [{ database, rate: { requestsPerSecond: NaN } }, 'rate.requestsPerSecond must be a number above 0'],
    [{ database, events: { maxTries: 0 } }, 'events.maxTries must be a whole number from 1 to 2147483647'],
    [{ database, rate: { priorityShare: 1 } }, 'rate.priorityShare must be a number from 0 to 0.9'],
    [{ database, rate: { rps: 1 } }, `rate.rps ${known} recipientsPerSecond, requestsPerSecond, priorityShare`],
    [
      { database, timing: [] as unknown, rate: { priorityShare: -0.1 } },
      'rate.priorityShare must be a number from 0 to 0.9',
    ],
    [{ database, timing: { startWithinMs: -1 } }, `timing.startWithinMs ${whole} 2147483647`],
    [{ database, timing: { timeoutMs: '30' } }, `timing.timeoutMs ${whole} 2147483647`],
    [{ database, timing: { leaseMs: NaN } }, `timing.leaseMs ${whole} 2147483647`],
    [{ database, timing: { gracePeriodMs: false } }, `timing.gracePeriodMs ${whole} 2147483647`],
    [{ database, timing: { lookupIntervalMs: true } }, `timing.lookupIntervalMs ${whole} 2147483647`],
    [{ database, timing: { lookupIntervalMs: 2 ** 31 } }, `timing.lookupIntervalMs ${whole} 2147483647`],
    [{ database, timing: { inboundIntervalMs: 0 } }, `timing.inboundIntervalMs ${whole} 2147483647`],
    [{ database, replies: { scope: 'number' } }, 'replies.scope must be one of account, sender'],
    [
      { database, replies: { keywords: { remove: { en: ['STOP'] } } } },
      'replies.keywords.remove.en[0] is STOP, which cannot be removed',
    ],
    [{ database, timing: { reportsAfterMs: 0 } }, `timing.reportsAfterMs ${whole} 2147483647`],
    [{ database, timing: { reportsAfterMs: Number.MAX_SAFE_INTEGER } }, `timing.reportsAfterMs ${whole} 2147483647`],
    [
      { database, timing: { startWithinMs: 30_000, timeoutMs: 30_000 } },
      'timing.leaseMs must be longer than timing.startWithinMs and timing.timeoutMs together',
    ],
    [
      { database, timing: { leaseMs: 35_000 } },
      'timing.leaseMs must be longer than timing.startWithinMs and timing.timeoutMs together',
    ],
    [{ database, onUnconfirmed: { bulk: 'retry' } }, 'onUnconfirmed.bulk must be one of hold, resend, abandon'],
    [{ database, onUnconfirmed: { all: 'hold' } }, `onUnconfirmed.all ${known} priority, bulk`],
    [{ database, retentionMs: true }, `retentionMs ${whole} 3155760000000`],
    [{ database, retentionMs: Number.MAX_SAFE_INTEGER }, `retentionMs ${whole} 3155760000000`],
    [{ database, listenUrl: 'direct.example' }, 'listenUrl must be a URL that begins with postgres://'],
    [{ database, notify: 1 }, 'notify must be true or false'],
    [{ database, deleteAfterMs: 0 }, `deleteAfterMs ${whole} 3155760000000`],
    [{ database, retentionMs: 7, deleteAfterMs: 6 }, 'deleteAfterMs must not be less than retentionMs, which is 7'],
    [
      { database, retentionMs: false, deleteAfterMs: 1 },
      'deleteAfterMs must be false or missing, because retentionMs is false and keeps everything',
    ],
    [{ database, idempotencyKeysKeptMs: true }, `idempotencyKeysKeptMs ${whole} 3155760000000`],
    [{ database, connections: 4 }, 'connections must be a whole number from 5 to 2147483647'],
    [{ database, connections: 0, worker: false }, `connections ${whole} 2147483647`],
    [{ database: new Pool(), connections: 5 }, 'connections needs a database URL: a pg.Pool has its own max'],
    [{ database, prices: '0.04' }, 'prices must be an object'],
    [{ database, prices: ['0.04'] }, `prices.0 ${country}`],
    [{ database, prices: { gb: { price: '0.04', currency: 'EUR' } } }, `prices.gb ${country}`],
    [{ database, prices: { GBR: { price: '0.04', currency: 'EUR' } } }, `prices.GBR ${country}`],
    [{ database, prices: { '44': { price: '0.04', currency: 'EUR' } } }, `prices.44 ${country}`],
    [{ database, prices: JSON.parse('{"__proto__":{}}') as object }, `prices.__proto__ ${country}`],
    [{ database, prices: { GB: '0.04' } }, 'prices.GB must be an object'],
    [{ database, prices: { GB: null } }, 'prices.GB must be an object'],
    [{ database, prices: { GB: { currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: 0.04, currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: '-0.04', currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: '4e-2', currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: '0,04', currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: '9'.repeat(13), currency: 'EUR' } } }, `prices.GB.price ${amount}`],
    [{ database, prices: { GB: { price: '0.04' } } }, `prices.GB.currency ${currency}`],
    [{ database, prices: { GB: { price: '0.04', currency: '€' } } }, `prices.GB.currency ${currency}`],
    [{ database, prices: { GB: { price: '0.04', currency: 'EUR', of: 1 } } }, `prices.GB.of ${known} price, currency`],
    [
      { database, lease: 1 },
      `lease ${known} worker, rate, timing, onUnconfirmed, events, replies, database, connections, listenUrl, notify, schema, migrate, retentionMs, deleteAfterMs, idempotencyKeysKeptMs, sealKeys, sealed, prices`,
    ],
  ])('rejects %j', (options, problem) => {
    expect(problemsOf(options)).toContain(problem);
    if (options !== undefined && options !== 'postgres://') expect(problemsOf(options)).toHaveLength(1);
  });

  it('names every wrong field in one error', () => {
    const options = {
      migrate: 1,
      worker: { pollIntervalMs: 0 },
      rate: { x: 1 },
      timing: { leaseMs: 1 },
      onUnconfirmed: { bulk: 'retry' },
    };
    expect(problemsOf(options)).toEqual([
      'database must be a URL that begins with postgres://, or a pg.Pool',
      'migrate must be true or false',
      `worker.pollIntervalMs ${whole} 2147483647`,
      'onUnconfirmed.bulk must be one of hold, resend, abandon',
      'timing.leaseMs must be longer than timing.startWithinMs and timing.timeoutMs together',
      `rate.x ${known} recipientsPerSecond, requestsPerSecond, priorityShare`,
    ]);
    expect(() => new OutboxSettings(options)).toThrow(/^Invalid outbox options: database .*; worker\.pollIntervalMs /);
  });

  describe('seal keys', () => {
    const bytes = Buffer.from(Array.from({ length: 32 }, (_, index) => 251 - index));

    it.each([
      ['base64', bytes.toString('base64')],
      ['base64 without padding, with a line end', `${bytes.toString('base64').replace('=', '')}\n`],
      ['base64url', bytes.toString('base64url')],
      ['a Buffer', bytes],
      ['a Uint8Array', new Uint8Array(bytes)],
    ])('may be %s', (_, key) => {
      const { sealKeys } = new OutboxSettings({ database, sealKeys: [key] });
      expect(sealKeys.map((each) => each.export())).toEqual([bytes]);
    });

    it('are copies', () => {
      const given = Buffer.from(bytes);
      const { sealKeys } = new OutboxSettings({ database, sealKeys: [given] });
      given.fill(0);
      expect(sealKeys[0]?.export()).toEqual(bytes);
    });

    const other = Buffer.alloc(32, 7);
    const wrong = 'must be 32 bytes, as base64 text or as a Uint8Array';
    it.each<[string, object, string[]]>([
      [
        'one key that is not in a list',
        { sealKeys: bytes.toString('base64') },
        ['sealKeys must be a list of at most 10 keys'],
      ],
      [
        'too many keys',
        { sealKeys: Array.from({ length: 11 }, (_, index) => Buffer.alloc(32, index)) },
        ['sealKeys must be a list of at most 10 keys'],
      ],
      [
        'keys of another length or form',
        {
          sealKeys: [bytes.subarray(1), `${bytes.toString('base64')}A`, bytes.toString('hex'), 'x'.repeat(32), 5, null],
        },
        [0, 1, 2, 3, 4, 5].map((index) => `sealKeys[${index}] ${wrong}`),
      ],
      ['a key twice', { sealKeys: [bytes, other, bytes.toString('base64')] }, ['sealKeys[2] repeats an earlier key']],
      ['sealed without keys', { sealed: true }, ['sealed needs sealKeys']],
      ['sealed without any key in the list', { sealed: true, sealKeys: [] }, ['sealed needs sealKeys']],
      ['sealed that is no boolean', { sealed: 'yes', sealKeys: [bytes] }, ['sealed must be true or false']],
    ])('rejects %s, without showing them', (_, options, problems) => {
      expect(problemsOf({ database, ...options })).toEqual(problems);
    });

    it('are not shown when the settings are printed', () => {
      const settings = new OutboxSettings({ database, sealKeys: [bytes] });
      const printed = inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings);
      for (const form of ['base64', 'base64url', 'hex'] as const) {
        expect(printed).not.toContain(bytes.toString(form).slice(0, 12));
      }
      expect(printed).not.toContain('251, 250');
      expect(printed).not.toContain('fb fa f9');
    });
  });
});
