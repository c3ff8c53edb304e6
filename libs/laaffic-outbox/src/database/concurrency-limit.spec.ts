import { ConcurrencyLimit } from './concurrency-limit.js';

/** Work that a test ends. */
function work() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, run: () => ended };
}

describe('ConcurrencyLimit', () => {
  it('runs a limited number of tasks at once, and the others in order', async () => {
    const limit = new ConcurrencyLimit(2, 60_000);
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map(() => work());
    const all = works.map(({ run }, index) =>
      limit.run(async () => {
        begun.push(index);
        await run();
      }),
    );
    expect(begun).toEqual([0, 1]);
    works[1]!.end();
    await all[1];
    expect(begun).toEqual([0, 1, 2]);
    works[0]!.end();
    await all[0];
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const { end } of works) end();
    await Promise.all(all);
  });

  it('passes the turn on when a task fails', async () => {
    const limit = new ConcurrencyLimit(1, 60_000);
    const failed = limit.run(() => Promise.reject(new Error('as it is')));
    const next = limit.run(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('as it is');
    expect(await next).toBe('done');
  });

  it('rejects a task that has waited too long without running it, and skips tasks that have left', async () => {
    const limit = new ConcurrencyLimit(1, 20);
    const long = work();
    const first = limit.run(long.run);
    let hasRun = false;
    const late = limit.run(() => {
      hasRun = true;
      return Promise.resolve();
    });
    await expect(late).rejects.toMatchObject({
      code: 'OUTBOX_DATABASE_UNAVAILABLE',
      message: expect.stringContaining('0.02 s'),
    });
    long.end();
    await first;
    expect(hasRun).toBe(false);
    expect(await limit.run(() => Promise.resolve('free again'))).toBe('free again');
  });
});
