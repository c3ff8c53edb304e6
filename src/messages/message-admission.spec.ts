import { BusyException } from '../errors/busy.exception.js';
import { MessageAdmission } from './message-admission.js';

const RECEIPT = { receipt: 'decided' };
const NONE = { receipt: undefined };

/** Work that a test ends. */
function request() {
  let end: (result: { receipt: unknown }) => void = () => undefined;
  const ended = new Promise<{ receipt: unknown }>((resolve) => {
    end = resolve;
  });
  const seen: boolean[] = [];
  const run = (mayWait: boolean) => {
    seen.push(mayWait);
    return ended;
  };
  return { end, run, seen };
}

const busy = (work: Promise<unknown>) =>
  work.then(
    () => false,
    (error: unknown) => error instanceof BusyException,
  );

describe('MessageAdmission', () => {
  const outbox = (due: number[] = []) => ({ countDue: () => Promise.resolve(due.shift() ?? 0) });
  const LIMITS = { underWay: 2, backlog: 10, standstillMs: 3_600_000 };

  it('takes as many requests as may be under way, and another when one has ended', async () => {
    const admission = new MessageAdmission(outbox(), LIMITS);
    const [first, second, third] = [request(), request(), request()];
    const all = [admission.admit(first.run), admission.admit(second.run)];
    expect(await busy(admission.admit(third.run))).toBe(true);
    first.end(RECEIPT);
    await all[0];
    all.push(admission.admit(third.run));
    expect([first.seen, second.seen, third.seen]).toEqual([[true], [true], [true]]);
    for (const one of [second, third]) one.end(RECEIPT);
    await Promise.all(all);
  });

  it('lets as many again leave their message without waiting, when nothing has had an outcome for some time', async () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, standstillMs: -1 });
    const requests = Array.from({ length: 4 }, () => request());
    const all = requests.map(({ run }) => admission.admit(run));
    expect(requests.map(({ seen }) => seen)).toEqual([[true], [true], [false], [false]]);
    expect(await busy(admission.admit(request().run))).toBe(true);
    for (const { end } of requests) end(NONE);
    await Promise.all(all);
  });

  it('frees the place of a request that fails', async () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, underWay: 1 });
    await expect(admission.admit(() => Promise.reject(new Error('as it is')))).rejects.toThrow('as it is');
    expect(await admission.admit(() => Promise.resolve(RECEIPT))).toBe(RECEIPT);
  });

  it('gives each who is refused a turn of his own, as fast as requests end, within half a minute', async () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, underWay: 0 });
    const seconds: number[] = [];
    for (let i = 0; i < 60; i++) {
      await admission
        .admit(() => Promise.resolve(RECEIPT))
        .catch((error: unknown) => {
          if (error instanceof BusyException) seconds.push(error.retryAfter);
        });
    }
    // One ends a second at the least, and half as many again are let come.
    expect(seconds.slice(0, 6)).toEqual([1, 2, 2, 3, 4, 4]);
    expect(seconds.at(-1)).toBe(30);
  });

  it('takes nothing while too many messages wait, and looks again by itself', async () => {
    const admission = new MessageAdmission(outbox([11]), LIMITS);
    await admission.admit(() => Promise.resolve(RECEIPT));
    let refusals = 0;
    while (await busy(admission.admit(() => Promise.resolve(RECEIPT)))) {
      refusals++;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(refusals).toBeGreaterThan(0);
  });
});
