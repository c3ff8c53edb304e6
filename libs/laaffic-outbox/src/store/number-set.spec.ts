import fc from 'fast-check';
import { NumberSet } from './number-set.js';

describe('NumberSet', () => {
  it('has what was added and not removed, as a Set does', () => {
    const number = fc.oneof(
      fc.bigInt({ min: 1_000_000n, max: 999_999_999_999_999n }).map(String),
      fc.integer({ min: 0, max: 50 }).map((last) => String(918_563_000_000 + last)),
    );
    const step = fc.record({ type: fc.constantFrom('add', 'add', 'add', 'delete'), number });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 3_000, size: 'max' }), (steps) => {
        const [numbers, expected] = [new NumberSet(), new Set<string>()];
        for (const { type, number: each } of steps) {
          numbers[type](each);
          expected[type](each);
        }
        expect(numbers.size).toBe(expected.size);
        expect(steps.filter(({ number: each }) => numbers.has(each) !== expected.has(each))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('finds many neighbours, and no others', () => {
    const numbers = new NumberSet();
    for (let last = 0; last < 200_000; last++) numbers.add(String(918_563_000_000 + 2 * last));
    expect(numbers.size).toBe(200_000);
    let wrong = 0;
    for (let last = 0; last < 400_000; last++) {
      if (numbers.has(String(918_563_000_000 + last)) !== (last % 2 === 0)) wrong++;
    }
    expect(wrong).toBe(0);
  });

  it('forgets nothing when numbers come and go', () => {
    const numbers = new NumberSet();
    numbers.add('6512345678');
    for (let turn = 0; turn < 100_000; turn++) {
      numbers.add(String(918_563_000_000 + turn));
      numbers.delete(String(918_563_000_000 + turn));
    }
    expect([numbers.size, numbers.has('6512345678'), numbers.has('918563000000'), numbers.has('')]).toEqual([
      ...[1, true, false, false],
    ]);
  });
});
