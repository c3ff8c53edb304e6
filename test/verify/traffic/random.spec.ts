import fc from 'fast-check';
import { Random, WeightedChoice } from './random.js';

const draw = (random: Random, count = 5) => Array.from({ length: count }, () => random.integer(1_000));

describe('Random', () => {
  it('gives the same values for the same seed and labels', () => {
    expect(draw(new Random(1, 'usual', 3))).toEqual(draw(new Random(1, 'usual', 3)));
  });

  it.each([
    ['another seed', new Random(2, 'usual', 3)],
    ['another label', new Random(1, 'usual', 4)],
    ['no label', new Random(1)],
    ['the seed 0', new Random(0)],
  ])('gives other values for %s', (_, random) => {
    expect(draw(random)).not.toEqual(draw(new Random(1, 'usual', 3)));
  });

  it('draws integers evenly', () => {
    const random = new Random(1);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let drawn = 0; drawn < 100_000; drawn++) {
      const value = random.integer(10);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    // Five standard deviations of 95.
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(475);
  });

  it('stays below the limit', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 2 ** 31 }), (seed, limit) => {
        const value = new Random(seed).integer(limit);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThan(limit);
      }),
    );
  });

  it('draws normal values with their mean and deviation', () => {
    const random = new Random(1);
    const values = Array.from({ length: 50_000 }, () => random.normal(10, 2));
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
    expect(mean).toBeCloseTo(10, 1);
    expect(Math.sqrt(variance)).toBeCloseTo(2, 1);
  });

  it('keeps all items when it shuffles', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer()), (seed, items) => {
        expect(new Random(seed).shuffle(items).sort()).toEqual([...items].sort());
      }),
    );
  });

  it('picks nothing from nothing', () => {
    expect(() => new Random(1).pick([])).toThrow(RangeError);
    expect(() => new WeightedChoice([], () => 1).pick(new Random(1))).toThrow(RangeError);
  });
});

describe('WeightedChoice', () => {
  it('picks by weight, and nothing without one', () => {
    const random = new Random(1);
    const choice = new WeightedChoice(['never', 'once', 'thrice'], (_, index) => [0, 1, 3][index] ?? 0);
    const counts = { never: 0, once: 0, thrice: 0 };
    for (let drawn = 0; drawn < 40_000; drawn++) counts[choice.pick(random) as keyof typeof counts]++;
    expect(counts.never).toBe(0);
    expect(counts.once / 40_000).toBeCloseTo(0.25, 2);
  });
});
