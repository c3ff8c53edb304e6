import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { MemoryPushStore } from './push-store.js';

const WINDOW = 1_000;

/** The same rules, by looking at everything each time. */
class SimpleStore {
  marks: { key: string; end: number }[] = [];
  constructor(private readonly size: number) {}

  markDone(key: string, now: number): void {
    this.marks = [...this.marks.filter((mark) => mark.key !== key && mark.end > now), { key, end: now + WINDOW }];
    this.marks = this.marks.slice(-this.size);
  }

  isDone(key: string, now: number): boolean {
    return this.marks.some((mark) => mark.key === key && mark.end > now);
  }
}

it('MemoryPushStore remembers the newest keys for their window, in whatever order they are marked', () => {
  const marks = array(record({ key: constantFrom('a', 'b', 'c', 'd', 'e'), wait: integer({ min: 1, max: 400 }) }), {
    minLength: 1,
    maxLength: 60,
  });
  let remembered = 0;
  assert(
    property(integer({ min: 1, max: 4 }), marks, (size, calls) => {
      let now = 0;
      const store = new MemoryPushStore(size, () => now);
      const simple = new SimpleStore(size);
      for (const { key, wait } of calls) {
        now += wait;
        store.markDone(key, WINDOW);
        simple.markDone(key, now);
        const keys = ['a', 'b', 'c', 'd', 'e'];
        const isDone = keys.map((one) => store.isDone(one));
        expect(isDone).toEqual(keys.map((one) => simple.isDone(one, now)));
        expect(store.size).toBe(simple.marks.length);
        remembered += isDone.filter(Boolean).length;
      }
    }),
  );
  expect(remembered).toBeGreaterThan(0);
});
