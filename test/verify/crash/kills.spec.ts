import { cases } from '../../cases.js';
import { until } from '../../until.js';
import { auditSteps, problemsOf } from '../concurrency/audit.js';
import { MIX_OPTIONS, MixedLoad } from '../concurrency/mixed-load.js';
import { VerifyProcesses } from '../processes/verify-processes.js';

const KILLS = cases(60, 2);
const LEAST_CALLS = cases(30_000, 500);
const LONG_MS = 600_000;

let all: VerifyProcesses;
beforeAll(async () => {
  all = await VerifyProcesses.start(MIX_OPTIONS);
  await auditSteps(all);
});
afterAll(() => all.close());

it(
  'processes that are killed under load leave no half of a start, no attempt too many and no second approval',
  async () => {
    const load = new MixedLoad(all);
    let isOver = false;
    const running = load.run(() => isOver);
    for (let kill = 0; kill < KILLS; kill++) {
      // A process that has just begun holds nothing yet.
      const before = load.calls;
      await until(() => load.calls > before + 300);
      await all.restart(kill % all.processes.length);
    }
    await until(() => load.calls > LEAST_CALLS);
    isOver = true;
    await running;
    await all.untilIdle();
    expect(load.unexpected).toEqual({});
    expect(await all.deadlocks()).toBe(0);
    const { problems, approved, wrong } = await problemsOf(all, load.answers, false);
    expect(problems).toEqual([]);
    expect(approved).toBeGreaterThan(5);
    expect(wrong).toBeGreaterThan(20);
  },
  LONG_MS,
);
