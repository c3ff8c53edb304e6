import type { GuardAlarm } from './guard-alarm.js';
import { Decisions, type NewDecision } from './decisions.js';
import type { Alarm, Decision } from './guard-store.js';

const MINUTE = 60_000;
const START = Date.parse('2030-01-15T12:00:00Z');

let now: number;
let stored: (Decision | Alarm)[];
let failure: Error | undefined;
let decisions: Decisions;
let heard: GuardAlarm[];

/** A store that knows each alarm after the first time. */
function newStore() {
  const known = new Set<string>();
  const keep = (rows: readonly (Decision | Alarm)[]): Promise<void> => {
    if (failure !== undefined) return Promise.reject(failure);
    stored.push(...rows);
    return Promise.resolve();
  };
  return {
    recordDecisions: keep,
    raiseAlarms: async (alarms: readonly Alarm[]): Promise<readonly GuardAlarm[]> => {
      await keep(alarms);
      const raised = alarms.filter(({ type, scope }) => !known.has(`${type} ${scope}`));
      for (const { type, scope } of alarms) known.add(`${type} ${scope}`);
      const at = new Date(now);
      return raised.map((alarm) => ({ ...alarm, type: alarm.type as 'cap', id: '1', raisedAt: at, lastAt: at }));
    },
  };
}

beforeEach(() => {
  [now, stored, failure, heard] = [START, [], undefined, []];
  decisions = new Decisions(newStore() as unknown as ConstructorParameters<typeof Decisions>[0], () => now);
  decisions.newAlarms.subscribe((alarm) => heard.push(alarm));
});

const decisionOf = (more: Partial<NewDecision> = {}): NewDecision => ({
  ...{ tenant: '', purpose: 'sign-in', country: 'GB', rule: 'cap', isShadow: false, numberKey: Buffer.from('a') },
  ...more,
});
const flushed = async (): Promise<readonly (Decision | Alarm)[]> => {
  stored = [];
  await decisions.flush();
  return stored;
};

it('stores equal decisions as one, once', async () => {
  for (let count = 0; count < 3; count++) decisions.record(decisionOf());
  decisions.record(decisionOf({ isShadow: true }));
  expect(await flushed()).toEqual([
    { ...decisionOf(), count: 3 },
    { ...decisionOf({ isShadow: true }), count: 1 },
  ]);
  expect(await flushed()).toEqual([]);
});

it('stores 50 numbers of a round, and the others as one', async () => {
  for (let count = 0; count < 1_000; count++) decisions.record(decisionOf({ numberKey: Buffer.from(`${count}`) }));
  decisions.record(decisionOf({ numberKey: Buffer.from('7') }));
  const rows = (await flushed()) as Decision[];
  expect(rows).toHaveLength(51);
  expect(rows[7]).toEqual({ ...decisionOf({ numberKey: Buffer.from('7') }), count: 2 });
  expect(rows[50]).toEqual({ ...decisionOf({ numberKey: undefined }), count: 950 });
});

it('keeps what could not be stored, and counts on', async () => {
  decisions.record(decisionOf({ rule: 'range' }));
  failure = new Error('away');
  await expect(decisions.flush()).rejects.toThrow('away');
  decisions.record(decisionOf({ rule: 'range' }));
  failure = undefined;
  expect(await flushed()).toEqual([
    { ...decisionOf({ rule: 'range' }), count: 2 },
    { type: 'range', scope: 'GB', count: 2 },
  ]);
});

it('keeps alarms that could not be stored', async () => {
  decisions.raise('cap', 'all');
  failure = new Error('away');
  await expect(decisions.flush()).rejects.toThrow('away');
  expect(heard).toEqual([]);
  failure = undefined;
  decisions.raise('cap', 'all');
  expect(await flushed()).toEqual([{ type: 'cap', scope: 'all', count: 2 }]);
  expect(heard).toMatchObject([{ type: 'cap', scope: 'all', raisedAt: new Date(START) }]);
});

it.each([
  ['range', ['range']],
  ['sim-change', ['sim-change']],
  ['cap', []],
  ['budget', []],
  ['denied', []],
  ['number', []],
  ['a rule of a newer release', []],
])('the rule %s raises %j', async (rule, alarms) => {
  decisions.record(decisionOf({ rule }));
  expect((await flushed()).slice(1)).toEqual(alarms.map((type) => ({ type, scope: 'GB', count: 1 })));
});

it('stores an alarm that goes on once a minute, with everything since, and emits it once', async () => {
  decisions.raise('cap', 'all');
  expect(await flushed()).toEqual([{ type: 'cap', scope: 'all', count: 1 }]);
  for (let second = 1; second < 60; second++) {
    now = START + second * 1_000;
    decisions.raise('cap', 'all');
    expect(await flushed()).toEqual([]);
  }
  now = START + MINUTE;
  expect(await flushed()).toEqual([{ type: 'cap', scope: 'all', count: 59 }]);
  expect(heard).toHaveLength(1);
});

it('stores an alarm when the clock was set back', async () => {
  decisions.raise('cap', 'all');
  await decisions.flush();
  now = START - MINUTE;
  decisions.raise('cap', 'all');
  expect(await flushed()).toEqual([{ type: 'cap', scope: 'all', count: 1 }]);
});

it('two flushes at once store everything once', async () => {
  decisions.record(decisionOf({ rule: 'range' }));
  await Promise.all([decisions.flush(), decisions.flush()]);
  expect(stored).toEqual([
    { ...decisionOf({ rule: 'range' }), count: 1 },
    { type: 'range', scope: 'GB', count: 1 },
  ]);
});

it('forgets what was not stored', async () => {
  decisions.record(decisionOf({ rule: 'range' }));
  decisions.clear();
  expect(await flushed()).toEqual([]);
});
