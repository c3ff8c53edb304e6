import { Injectable, Logger, Scope, type Provider } from '@nestjs/common';
import { Subject } from 'rxjs';
import { FraudGuard, OnGuardAlarm, type GuardAlarm, type GuardAlarmType } from 'nestjs-laaffic-verify';
import { AlarmDispatcher } from '../../../libs/laaffic-verify/src/events/alarm-dispatcher.js';
import { PostgresGuardStore } from '../../../libs/laaffic-verify/src/store/postgres-guard-store.js';
import { failureOf } from '../../module/account.js';
import { Stage } from '../../outbox/stage.js';
import { until } from '../../until.js';
import { clearVerifications, newNumber, verifyApp } from '../verify-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = Date.parse('2030-01-15T12:00:00Z');

let stage: Stage;
let own: Awaited<ReturnType<typeof verifyApp>>;
let clock = START;
const now = () => new Date(clock);

beforeAll(async () => {
  stage = await Stage.set();
  own = await verifyApp(stage);
});
beforeEach(async () => {
  await clearVerifications(stage);
  clock = START;
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

type Handle = (alarm: GuardAlarm) => unknown;
/** A process whose handlers the test calls. */
function processWith(handlers: Readonly<Record<string, readonly [Handle, ...GuardAlarmType[]]>>): AlarmDispatcher {
  const found = Object.entries(handlers).map(([name, [run, ...types]]) => ({
    ...{ name, run, mark: types.length === 0 ? undefined : new Set<string>(types) },
  }));
  const dispatcher = new AlarmDispatcher(own.extension, () => found, new Subject(), now);
  dispatcher.onModuleInit();
  return dispatcher;
}
const raise = async (...types: GuardAlarmType[]) => {
  const store = new PostgresGuardStore(own.extension, now);
  return store.raiseAlarms(types.map((type) => ({ type, scope: 'GB', count: 2 })));
};
const waiting = () =>
  stage.query(`select type from alarm where tell_at is not null order by id`, undefined, 'laaffic_verify');

it('tells an alarm once, in one of several processes', async () => {
  const heard: GuardAlarm[] = [];
  const handlers = { all: [(alarm: GuardAlarm) => heard.push(alarm)] } as const;
  const processes = [processWith(handlers), processWith(handlers), processWith(handlers)];
  await raise('cap');
  await Promise.all(processes.map((one) => one.runDue()));
  await raise('cap');
  await Promise.all(processes.map((one) => one.runDue()));
  expect(heard).toEqual([
    {
      ...{ id: expect.any(String) as string, type: 'cap', scope: 'GB', count: 2 },
      ...{ raisedAt: now(), lastAt: now() },
    },
  ]);
  expect(await waiting()).toEqual([]);
});

it('two processes that raise an alarm at once raise one', async () => {
  const raised = await Promise.all(Array.from({ length: 20 }, () => raise('cap', 'trouble')));
  expect(raised.flat().map(({ type }) => type)).toEqual(['cap', 'trouble']);
  const rows = await stage.query(`select type, count from alarm order by id`, undefined, 'laaffic_verify');
  expect(rows).toEqual([
    { type: 'cap', count: 40 },
    { type: 'trouble', count: 40 },
  ]);
});

it('calls methods for their types, and leaves the others to processes that have methods for them', async () => {
  const heard: string[] = [];
  const hear = (name: string) => (alarm: GuardAlarm) => heard.push(`${name} ${alarm.type}`);
  await raise('cap', 'near-cap', 'trouble', 'range');
  await processWith({}).runDue();
  await processWith({ caps: [hear('caps'), 'cap', 'near-cap'], cap: [hear('cap'), 'cap'] }).runDue();
  expect(heard.sort()).toEqual(['cap cap', 'caps cap', 'caps near-cap']);
  expect(await waiting()).toEqual([{ type: 'trouble' }, { type: 'range' }]);
  await processWith({ all: [hear('all')] }).runDue();
  expect(heard.slice(3).sort()).toEqual(['all range', 'all trouble']);
});

it('calls a method that fails again, with back-off, and gives up after a day', async () => {
  const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const calls: number[] = [];
  const dispatcher = processWith({
    failing: [
      () => {
        calls.push((clock - START) / 1_000);
        throw new TypeError('never');
      },
    ],
  });
  await raise('cap');
  const minutes = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
  for (const second of [0, 0.9, 1, 2.9, 3, 6.9, 7, ...minutes(60 * 25).map((minute) => 60 * (minute + 1))]) {
    clock = START + second * 1_000;
    await dispatcher.runDue();
  }
  expect(calls.slice(0, 5)).toEqual([0, 1, 3, 7, 60]);
  expect(calls.at(-1)).toBeLessThan(24 * 3_600);
  expect(calls.length).toBeLessThan(40);
  expect(await waiting()).toEqual([]);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines.at(-1)).toBe('Handlers of the alarm cap (GB) failed for a day and are not called for it again');
});

it('goes on in another process when one dies, and what that one stores later changes nothing', async () => {
  let end = (): void => undefined;
  const heard: string[] = [];
  const dying = processWith({
    all: [
      () =>
        new Promise<void>(
          (_, reject) =>
            (end = () => {
              reject(new Error('late'));
            }),
        ),
    ],
  });
  const living = processWith({ all: [() => heard.push('living')] });
  await raise('cap');
  const running = dying.runDue();
  await until(
    async () => (await stage.query(`select from alarm where tell_tries = 1`, undefined, 'laaffic_verify')).length,
  );
  await living.runDue();
  expect(heard).toEqual([]);
  clock += MINUTE;
  await living.runDue();
  expect(heard).toEqual(['living']);
  end();
  await running;
  expect(await waiting()).toEqual([]);
});

it('a method that comes a day later is not told of old alarms', async () => {
  await raise('cap');
  clock += 24 * HOUR;
  const heard: string[] = [];
  await processWith({ all: [({ type }) => heard.push(type)] }).runDue();
  expect([heard, await waiting()]).toEqual([[], []]);
});

const appWith = (...providers: Provider[]) =>
  verifyApp(stage, { verify: { guard: { caps: { messagesPerHour: 1 } } }, metadata: { providers } });

it('an app stores what its guard decides, and tells its own methods', async () => {
  const heard: string[] = [];
  @Injectable()
  class Pager {
    private readonly heard = heard;
    @OnGuardAlarm({ type: ['cap', 'trouble'] })
    page({ type, scope, count }: GuardAlarm): void {
      this.heard.push(`${type} ${scope} ${count}`);
    }
  }
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const { app, verification } = await appWith(Pager);
  try {
    await verification.start({ to: newNumber(), purpose: 'sign-in' });
    expect(await failureOf(verification.start({ to: newNumber(), purpose: 'sign-in' }))).toMatchObject({
      code: 'VERIFY_CAP',
    });
    await until(() => heard.length > 0);
    expect(heard).toEqual(['cap all 1']);
    const stored = () => stage.query(`select rule, count from decision`, undefined, 'laaffic_verify');
    expect(await until(stored, (rows) => rows.length > 0)).toEqual([{ rule: 'cap', count: 1 }]);
    const guard = app.get(FraudGuard);
    expect(await guard.findAlarms()).toMatchObject([{ type: 'cap', scope: 'all' }]);
    expect(warn.mock.calls.filter(([line]) => String(line).startsWith('Alarm'))).toEqual([]);
  } finally {
    await stage.stop(app);
  }
});

it('an app stores what is left when it ends, and warns once of an alarm without methods', async () => {
  const warn = jest.spyOn(Logger.prototype, 'warn').mockReturnValue();
  const { app, verification } = await appWith();
  await verification.start({ to: newNumber(), purpose: 'sign-in' });
  for (let count = 0; count < 3; count++) await failureOf(verification.start({ to: newNumber(), purpose: 'sign-in' }));
  await stage.stop(app);
  const rows = await stage.query(`select sum(count)::int as sum from decision`, undefined, 'laaffic_verify');
  expect(rows).toEqual([{ sum: 3 }]);
  const lines = warn.mock.calls.map(([line]) => String(line)).filter((line) => line.startsWith('Alarm'));
  expect(lines).toEqual(['Alarm of the guard: cap (all). @OnGuardAlarm() methods can handle it']);
});

it('a request-scoped class cannot have handlers', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Scoped {
    @OnGuardAlarm()
    handle(): void {}
  }
  expect(await failureOf(appWith(Scoped))).toMatchObject({
    message: expect.stringContaining('Scoped.handle cannot handle alarms of the guard') as string,
  });
});

it.each(['', 'caps', [], ['cap', 'x'], 7, null])('%j is not a type', (type) => {
  expect(() => OnGuardAlarm({ type: type as 'cap' })).toThrow(
    new TypeError(
      '@OnGuardAlarm({ type }) takes one or several of range, budget, cap, near-cap, trouble, challenge, ' +
        'lookup, test-number, sim-change, source-unknown',
    ),
  );
});

it('a name must be one', () => {
  expect(() => OnGuardAlarm({ name: ' ' })).toThrow(TypeError);
});
