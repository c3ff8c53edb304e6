import { Turns } from './turns.js';

/** Work that a test ends. */
function work() {
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  return { end, run: () => ended };
}

describe('Turns', () => {
  it('lets so many run at once, and the others in the order in which they came', async () => {
    const turns = new Turns(2, 60_000);
    const begun: number[] = [];
    const works = [0, 1, 2, 3].map(() => work());
    const all = works.map(({ run }, index) =>
      turns.take(async () => {
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

  it('passes the turn on when the work fails', async () => {
    const turns = new Turns(1, 60_000);
    const failed = turns.take(() => Promise.reject(new Error('as it is')));
    const next = turns.take(() => Promise.resolve('done'));
    await expect(failed).rejects.toThrow('as it is');
    expect(await next).toBe('done');
  });

  it('gives up after the longest wait, without running anything, and skips whoever has left', async () => {
    const turns = new Turns(1, 20);
    const long = work();
    const first = turns.take(long.run);
    let hasRun = false;
    const late = turns.take(() => {
      hasRun = true;
      return Promise.resolve();
    });
    await expect(late).rejects.toMatchObject({ code: 'OUTBOX_DATABASE', message: expect.stringContaining('0.02 s') });
    long.end();
    await first;
    expect([hasRun, await turns.take(() => Promise.resolve('free again'))]).toEqual([false, 'free again']);
  });
});
