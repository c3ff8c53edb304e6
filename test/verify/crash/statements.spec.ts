import { LaafficSandbox } from 'laaffic-sandbox';
import { until } from '../../until.js';
import { problemsOfMessages } from '../concurrency/audit.js';
import type { Call, Stop } from '../processes/verify-process.js';
import { checksOf, countAnswers, PURPOSE, VerifyProcesses, wrongCode } from '../processes/verify-processes.js';

/** A number, and its verification if there is one. */
interface Target {
  readonly number: string;
  readonly id: string;
}

/** What must be stored about a number when a call to it was broken off. */
interface Stored {
  readonly state: string | undefined;
  readonly attempts: number | undefined;
  readonly generation: number | undefined;
  readonly messages: number;
}

interface Scenario {
  readonly prepare: 'nothing' | 'a verification' | 'a verification to renew';
  readonly call: (target: Target) => Call;
  /** The statement that decides when the call commits, by the beginning of its name; `undefined` for the last one. */
  readonly decides?: string;
  readonly before: Stored;
  readonly after: Stored;
  /** Between the deciding statement and the commit of the app's transaction. */
  readonly between?: Stored;
}

const NONE: Stored = { state: undefined, attempts: undefined, generation: undefined, messages: 0 };
const PENDING: Stored = { state: 'pending', attempts: 0, generation: 1, messages: 1 };
const right = ({ id }: Target) => checksOf(id, [all.codeAt(id, 1)])[0]!.args[0];
const wrong = ({ id }: Target) => checksOf(id, [wrongCode(all.codeAt(id, 1))])[0]!.args[0];
const startOf = ({ number }: Target) => [{ to: number, purpose: PURPOSE }, { session: 'visitor' }] as const;

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  start: {
    prepare: 'nothing',
    call: (target) => ({ method: 'start', args: [...startOf(target)] }),
    before: NONE,
    after: PENDING,
  },
  'start in a transaction of the app': {
    prepare: 'nothing',
    call: (target) => ({ method: 'startWithin', args: ['commit', ...startOf(target)] }),
    before: NONE,
    after: PENDING,
  },
  'start that goes on': {
    prepare: 'a verification',
    call: (target) => ({ method: 'start', args: [...startOf(target)] }),
    before: PENDING,
    after: { ...PENDING, messages: 2 },
  },
  'start that goes on in a transaction of the app': {
    prepare: 'a verification',
    call: (target) => ({ method: 'startWithin', args: ['commit', ...startOf(target)] }),
    before: PENDING,
    after: { ...PENDING, messages: 2 },
  },
  resend: {
    prepare: 'a verification',
    call: ({ id }) => ({ method: 'resend', args: [id] }),
    before: PENDING,
    after: { ...PENDING, messages: 2 },
  },
  'resend with a new code': {
    prepare: 'a verification to renew',
    call: ({ id }) => ({ method: 'resend', args: [id] }),
    before: PENDING,
    after: { ...PENDING, generation: 2, messages: 2 },
  },
  'resend in a transaction of the app': {
    prepare: 'a verification',
    call: ({ id }) => ({ method: 'resendWithin', args: ['commit', id] }),
    before: PENDING,
    after: { ...PENDING, messages: 2 },
  },
  'check of a right code': {
    prepare: 'a verification',
    call: (target) => ({ method: 'check', args: [right(target)] }),
    before: PENDING,
    after: { ...PENDING, state: 'approved', attempts: 1 },
  },
  'check of a wrong code': {
    prepare: 'a verification',
    call: (target) => ({ method: 'check', args: [wrong(target)] }),
    before: PENDING,
    after: { ...PENDING, attempts: 1 },
  },
  'check in a transaction of the app': {
    prepare: 'a verification',
    call: (target) => ({ method: 'checkWithin', args: ['commit', right(target)] }),
    decides: 'verify.checkCode',
    before: PENDING,
    between: { ...PENDING, state: 'matched', attempts: 1 },
    after: { ...PENDING, state: 'approved', attempts: 1 },
  },
  cancel: {
    prepare: 'a verification',
    call: ({ id }) => ({ method: 'cancel', args: [id] }),
    before: PENDING,
    after: { ...PENDING, state: 'cancelled' },
  },
};

/** A call that was broken off, and what must be stored. */
interface BrokenOff {
  readonly name: string;
  readonly target: Target;
  readonly call: Call;
  readonly expected: Stored;
}

let all: VerifyProcesses;
const brokenOff: BrokenOff[] = [];

/**
 * Every call is broken off once before each of its statements, and once when the server has run it. All of them stop at
 * once, each with a number of its own, and then their process is killed. So one kill is a kill between any two statements.
 */
beforeAll(async () => {
  all = await VerifyProcesses.start({ guard: { shadow: 'all' } }, { count: 2, connections: 120 });
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    const [result] = await all.processes[1]!.all([scenario.call(await prepare(scenario.prepare))]);
    expect(result!.error).toBeUndefined();
    const { statements } = result!;
    for (let at = 0; at < statements.length; at++) {
      for (const when of ['before', 'answered'] as const) {
        const target = await prepare(scenario.prepare);
        const call = { ...scenario.call(target), stop: { at, when } };
        const expected = expectedAt(scenario, statements, call.stop);
        brokenOff.push({ name: `${name}: ${when} ${statements[at]}`, target, call, expected });
      }
    }
  }
  await all.processes[0]!.stopAll(brokenOff.map(({ call }) => call));
  await all.processes[0]!.kill();
  await all.untilIdle();
  all.processes.shift();
});
afterAll(() => all.close());

async function prepare(what: Scenario['prepare']): Promise<Target> {
  const number = all.newNumber();
  if (what === 'nothing') return { number, id: '' };
  const id = await all.startOne(number, { session: 'visitor' });
  await all.query(`update laaffic_verify.phone set next_send_at = '-infinity'`);
  if (what === 'a verification to renew') {
    await all.query(
      `update laaffic_verify.verification set expires_at = clock_timestamp() + interval '100 s' where id = $1`,
      [id],
    );
  }
  return { number, id };
}

function expectedAt(scenario: Scenario, statements: readonly string[], { at, when }: Stop): Stored {
  const done = when === 'answered' ? at + 1 : at;
  if (done === statements.length) return scenario.after;
  const { between, decides, before } = scenario;
  return between !== undefined && statements.slice(0, done).includes(decides ?? '') ? between : before;
}

async function storedAbout({ number, id }: Target): Promise<Stored> {
  const rows = await all.query<{ id: string; state: string; attempts: number; generation: number }>(
    `select id, state, attempts, generation from laaffic_verify.verification where number = $1 or id::text = $2`,
    [number, id],
  );
  expect(rows.length).toBeLessThan(2);
  const { state, attempts, generation } = rows[0] ?? {};
  return { state, attempts, generation, messages: await all.messagesTo(number) };
}

it('each call has statements to break off, and each of them was', () => {
  const counts: Record<string, number> = {};
  for (const { name } of brokenOff) counts[name.split(':')[0]!] = (counts[name.split(':')[0]!] ?? 0) + 1;
  expect(Object.keys(counts)).toEqual(Object.keys(SCENARIOS));
  expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(2);
  // A new verification and its message are one statement.
  expect([counts['start'], counts['start that goes on'], counts['resend']]).toEqual([2, 4, 4]);
});

it('a kill between any two statements leaves all of a call or nothing', async () => {
  const stored = await Promise.all(brokenOff.map(async ({ name, target }) => [name, await storedAbout(target)]));
  expect(Object.fromEntries(stored)).toEqual(
    Object.fromEntries(brokenOff.map(({ name, expected }) => [name, expected])),
  );
  expect(await problemsOfMessages(all)).toEqual([]);
});

it('a repeated start goes on with the verification whose answer was lost, and otherwise begins anew', async () => {
  const starts = brokenOff.filter(({ target }) => target.id === '');
  const results = await all.all(starts.map(({ target }) => ({ method: 'start' as const, args: [...startOf(target)] })));
  for (const [index, { target, expected, name }] of starts.entries()) {
    const { value } = results[index]!;
    expect([name, value?.sent]).toEqual([name, expected.messages === 0]);
    expect([name, await all.messagesTo(target.number)]).toEqual([name, 1]);
  }
  expect(starts.filter(({ expected }) => expected.messages === 1).length).toBe(2);
});

it('every message that is sent has a code that can be checked, and no verification is approved twice', async () => {
  const sandbox = await LaafficSandbox.start();
  const { close } = await all.app({}, sandbox.url);
  try {
    await until(async () => {
      const rows = await all.query(`select from laaffic_outbox.chunk where state in ('pending', 'sending') limit 1`);
      return rows.length === 0;
    });
  } finally {
    await close();
    await sandbox.close();
  }
  const codes = new Map<string, string[]>();
  for (const { number, content } of sandbox.messages) {
    codes.set(`+${number}`, [...(codes.get(`+${number}`) ?? []), /\b\d{6}\b/.exec(content)![0]]);
  }
  for (const { name, target, expected } of brokenOff) {
    const [row] = await all.query<{ id: string; state: string; generation: number }>(
      'select id, state, generation from laaffic_verify.verification where number = $1 or id::text = $2',
      [target.number, target.id],
    );
    const { id, state, generation } = row!;
    const sent = codes.get(target.number)!;
    const made = [all.codeAt(id, 1), ...(generation === 2 ? [all.codeAt(id, 2)] : [])];
    expect([name, new Set(sent)]).toEqual([name, new Set(made)]);
    expect([name, sent.length]).toEqual([name, Math.max(1, expected.messages)]);
    // Any message may be the one that the user reads.
    const code = sent[Math.floor(Math.random() * sent.length)]!;
    const isOpen = state === 'pending' || state === 'matched';
    const answers = countAnswers(await all.all(checksOf(id, [code, code, code])));
    expect([name, answers]).toEqual([name, isOpen ? { approved: 1, over: 2 } : { over: 3 }]);
  }
});
