import { cases } from '../../cases.js';
import { VerifyProcesses } from '../processes/verify-processes.js';
import { auditSteps, problemsOf } from './audit.js';
import { MIX_OPTIONS, MixedLoad } from './mixed-load.js';

const DURATION_MS = cases(60_000, 1_000);
const LEAST_CALLS = cases(30_000, 600);
const LONG_MS = 300_000;

let all: VerifyProcesses;
beforeAll(async () => {
  all = await VerifyProcesses.start(MIX_OPTIONS);
  await auditSteps(all);
});
afterAll(() => all.close());

it(
  'any mix of calls gives no attempt too many, no second approval, right counts of failures, and no deadlock',
  async () => {
    const load = new MixedLoad(all);
    const deadline = performance.now() + DURATION_MS;
    // A mix in which little happens proves nothing.
    await load.run(() => performance.now() > deadline && load.calls > LEAST_CALLS);
    expect(load.unexpected).toEqual({});
    expect(await all.deadlocks()).toBe(0);
    const { problems, approved, wrong } = await problemsOf(all, load.answers);
    expect(problems).toEqual([]);
    expect(approved).toBeGreaterThan(5);
    expect(wrong).toBeGreaterThan(20);
    expect(Object.keys(load.methods).sort()).toEqual([
      ...['cancel', 'check', 'checkWithin', 'release', 'resend', 'resendWithin', 'start', 'startWithin'],
    ]);
  },
  LONG_MS,
);
