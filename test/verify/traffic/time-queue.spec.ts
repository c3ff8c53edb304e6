import fc from 'fast-check';
import { TimeQueue } from './time-queue.js';

function takeAll<T>(queue: TimeQueue<T>, at?: number): T[] {
  const taken: T[] = [];
  for (let item = queue.takeUntil(at); item !== undefined; item = queue.takeUntil(at)) taken.push(item);
  return taken;
}

describe('TimeQueue', () => {
  it('gives items in order of time, and of arrival at the same time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), (times, until) => {
        const queue = new TimeQueue<{ at: number; index: number }>();
        const items = times.map((at, index) => ({ at, index }));
        for (const item of items) queue.add(item.at, item);
        const sorted = [...items].sort((one, other) => one.at - other.at || one.index - other.index);
        expect(takeAll(queue, until)).toEqual(sorted.filter(({ at }) => at <= until));
        expect(takeAll(queue)).toEqual(sorted.filter(({ at }) => at > until));
      }),
    );
  });

  it('takes items that were added in between', () => {
    const queue = new TimeQueue<string>();
    queue.add(3, 'third');
    queue.add(1, 'first');
    expect(queue.takeUntil(5)).toBe('first');
    queue.add(2, 'second');
    expect(takeAll(queue)).toEqual(['second', 'third']);
  });
});
