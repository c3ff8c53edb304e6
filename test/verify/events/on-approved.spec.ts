import { Injectable, Logger, Scope, type Provider } from '@nestjs/common';
import { OnApproved, type ApprovedVerification } from 'nestjs-laaffic-verify';
import { ApprovalDispatcher } from '../../../libs/laaffic-verify/src/events/approval-dispatcher.js';
import { inTransaction } from '../../outbox/in-transaction.js';
import { Stage } from '../../outbox/stage.js';
import { failureOf } from '../../module/account.js';
import { until } from '../../until.js';
import { approve, clearVerifications, codeIn, messagesTo, newNumber, verifyApp } from '../verify-app.js';

const HOUR = 60 * 60_000;
const DAY = 24 * HOUR;

let stage: Stage;
let own: Awaited<ReturnType<typeof verifyApp>>;
let passedMs = 0;
// A little later than the server, whose clock is finer.
const now = () => new Date(Date.now() + 500 + passedMs);

beforeAll(async () => {
  stage = await Stage.set();
  own = await verifyApp(stage);
});
beforeEach(async () => {
  await clearVerifications(stage);
  passedMs = 0;
});
afterEach(() => {
  jest.restoreAllMocks();
});
afterAll(() => stage.close());

type Handle = (approval: ApprovedVerification) => unknown;
/** A process whose handlers the test calls. */
async function dispatcherOf(handlers: Readonly<Record<string, Handle>>, leaseMs?: number): Promise<ApprovalDispatcher> {
  const found = Object.entries(handlers).map(([name, run]) => ({ name, run }));
  const dispatcher = new ApprovalDispatcher(own.extension, () => found, now, leaseMs);
  await dispatcher.onModuleInit();
  return dispatcher;
}
const deliveries = () =>
  stage.query<{ handler: string; number: string | null; tries: number }>(
    `select handler, number, tries from approval_delivery order by id`,
    undefined,
    'laaffic_verify',
  );
const appWith = (...providers: Provider[]) => verifyApp(stage, { metadata: { providers } });

it('calls a decorated method with the approval, in an app', async () => {
  const heard: ApprovedVerification[] = [];
  @Injectable()
  class Profiles {
    private readonly heard = heard;
    @OnApproved()
    markVerified(approval: ApprovedVerification): void {
      this.heard.push(approval);
    }
  }
  const { app, verification } = await appWith(Profiles);
  try {
    const { id, to, approvedAt } = await approve(stage, verification);
    await until(async () => (await deliveries()).length === 0 && heard.length > 0);
    expect(heard).toEqual([{ id, purpose: 'sign-in', number: to, country: 'GB', tenant: '', approvedAt }]);
    const rows = await stage.query(`select handler from approval_handler`, undefined, 'laaffic_verify');
    expect(rows).toEqual([{ handler: 'App/Profiles.markVerified' }]);
  } finally {
    await stage.stop(app);
  }
});

it('calls it after the commit, and not after a rollback', async () => {
  const heard: string[] = [];
  const dispatcher = await dispatcherOf({ all: ({ id }) => heard.push(id) });
  const to = newNumber();
  const { id } = await own.verification.start({ to, purpose: 'sign-in' });
  const [message] = await messagesTo(stage, to);
  const check = { id, purpose: 'sign-in', code: codeIn(message!) };
  const lost = inTransaction(stage.pool, async (transaction) => {
    await own.verification.check(check, { transaction });
    throw new Error('roll back');
  });
  await failureOf(lost);
  expect(await dispatcher.runDue()).toBe(0);
  await inTransaction(stage.pool, async (transaction) => {
    await own.verification.check(check, { transaction });
    expect(await dispatcher.runDue()).toBe(0);
  });
  expect(await dispatcher.runDue()).toBe(1);
  expect(heard).toEqual([id]);
});

it('a process without handlers leaves the approvals to those that have them, even if they are not running', async () => {
  const before = await dispatcherOf({ late: () => undefined });
  before.onModuleDestroy();
  const { id } = await approve(stage, own.verification);
  const without = await dispatcherOf({});
  const other = await dispatcherOf({ another: () => undefined });
  expect(await without.runDue()).toBe(0);
  // It did not exist when the number was approved.
  expect(await other.runDue()).toBe(0);
  const heard: string[] = [];
  const after = await dispatcherOf({ late: (approval) => heard.push(approval.id) });
  expect(await after.runDue()).toBe(1);
  expect(heard).toEqual([id]);
});

it('records nothing for an app without handlers, or whose handlers have been gone for 7 days', async () => {
  await approve(stage, own.verification);
  expect(await deliveries()).toEqual([]);
  await dispatcherOf({ gone: () => undefined });
  await stage.query(`update approval_handler set seen_at = now() - interval '7 days'`, undefined, 'laaffic_verify');
  await approve(stage, own.verification);
  expect(await deliveries()).toEqual([]);
});

it('calls each handler once for each approval, in any number of processes', async () => {
  const calls: string[] = [];
  const handlers = {
    first: ({ id }: ApprovedVerification) => calls.push(`first ${id}`),
    second: ({ id }: ApprovedVerification) => calls.push(`second ${id}`),
  };
  const processes = [await dispatcherOf(handlers), await dispatcherOf(handlers), await dispatcherOf(handlers)];
  const approved = await Promise.all(Array.from({ length: 40 }, () => approve(stage, own.verification)));
  await Promise.all(processes.map((one) => one.runDue()));
  expect(calls.sort()).toEqual(approved.flatMap(({ id }) => [`first ${id}`, `second ${id}`]).sort());
});

it('calls a method that throws again, with back-off, and the others only once', async () => {
  const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const calls = { failing: 0, other: 0 };
  const dispatcher = await dispatcherOf({
    failing: ({ number }) => {
      calls.failing += 1;
      if (calls.failing <= 3) throw new TypeError(`cannot store ${number}`);
    },
    other: () => {
      calls.other += 1;
    },
  });
  const { to } = await approve(stage, own.verification);
  const seen: number[] = [];
  for (const seconds of [0, 0.9, 1.1, 3, 3.2, 7, 7.3, 100]) {
    passedMs = seconds * 1_000;
    await dispatcher.runDue();
    seen.push(calls.failing);
  }
  expect(seen).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
  expect(calls.other).toBe(1);
  expect(await deliveries()).toEqual([]);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('failing failed');
  expect(lines[0]).not.toContain(to.slice(1));
});

it('drops an approval after 20 tries in about two days, and says which', async () => {
  const log = jest.spyOn(Logger.prototype, 'error').mockReturnValue();
  const heard: (string | undefined)[] = [];
  const dispatcher = await dispatcherOf({
    failing: ({ number }) => {
      heard.push(number);
      throw new RangeError('never');
    },
  });
  const { id, to } = await approve(stage, own.verification);
  let hours = 0;
  for (; (await deliveries()).length > 0; hours++) {
    passedMs = hours * HOUR;
    while ((await dispatcher.runDue()) > 0) passedMs += 1_000;
    if (hours === 24) await stage.query(`update approval_delivery set number = null`, undefined, 'laaffic_verify');
  }
  expect(heard).toHaveLength(20);
  expect(heard[0]).toBe(to);
  expect(heard.at(-1)).toBeUndefined();
  expect(hours).toBeGreaterThan(36);
  expect(passedMs).toBeLessThan(3 * DAY);
  const lines = log.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes('20 times'))).toEqual([
    `failing failed 20 times for the verification ${id} and is not called for it again: RangeError`,
  ]);
});

it('goes on in another process when one dies while a method runs', async () => {
  const started: string[] = [];
  let end = (): void => undefined;
  const dying = await dispatcherOf({
    all: () => {
      started.push('dying');
      return new Promise<void>((resolve) => (end = resolve));
    },
  });
  const living = await dispatcherOf({ all: () => started.push('living') });
  await approve(stage, own.verification);
  const running = dying.runDue();
  await until(() => started.length === 1);
  passedMs = 59_000;
  expect(await living.runDue()).toBe(0);
  passedMs = 61_000;
  expect(await living.runDue()).toBe(1);
  // It was not dead, only slow.
  end();
  await running;
  expect(started).toEqual(['dying', 'living']);
});

it('keeps a claim while a slow method runs, and a shutdown waits for it', async () => {
  let end = (): void => undefined;
  const slow = await dispatcherOf({ all: () => new Promise<void>((resolve) => (end = resolve)) }, 300);
  const other = await dispatcherOf({ all: () => undefined }, 300);
  await approve(stage, own.verification);
  const running = slow.runDue();
  const dueAt = async () => {
    const [row] = await stage.query<{ due_at: Date }>(
      `select due_at from approval_delivery where claim is not null`,
      undefined,
      'laaffic_verify',
    );
    return row?.due_at.getTime();
  };
  const first = await until(dueAt);
  // Renewed twice: the first claim is over by then.
  await until(async () => ((await dueAt()) ?? 0) > first + 150);
  expect(await other.runDue()).toBe(0);
  slow.onModuleDestroy();
  const stopped = slow.beforeApplicationShutdown();
  end();
  await Promise.all([stopped, running]);
  expect(await deliveries()).toEqual([]);
});

it('a request-scoped class cannot have handlers', async () => {
  @Injectable({ scope: Scope.REQUEST })
  class Scoped {
    @OnApproved()
    handle(): void {}
  }
  expect(await failureOf(appWith(Scoped))).toMatchObject({
    message: expect.stringContaining('Scoped.handle cannot handle approvals: Scoped is request-scoped or transient'),
  });
});

it('two methods cannot have one name', async () => {
  @Injectable()
  class Twice {
    @OnApproved({ name: 'same' })
    first(): void {}
    @OnApproved({ name: 'same' })
    second(): void {}
  }
  expect(await failureOf(appWith(Twice))).toMatchObject({
    message: expect.stringContaining(
      "under the name same. Give one of them a name of its own: @OnApproved({ name: '…' })",
    ),
  });
});

it.each(['', ' ', 'two\nlines', 'x'.repeat(201), 7])('%j is not a name', (name) => {
  expect(() => OnApproved({ name: name as string })).toThrow(
    new TypeError('@OnApproved({ name }) takes text of 1 to 200 characters on one line'),
  );
});
