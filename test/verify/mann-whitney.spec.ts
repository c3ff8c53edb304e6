import { mannWhitney } from './mann-whitney.js';

const sequence = (count: number, first = 0, step = 1) =>
  Array.from({ length: count }, (_, index) => first + index * step);

it.each([
  ['equal samples', sequence(50), sequence(50), 1],
  ['only equal values', Array<number>(30).fill(7), Array<number>(30).fill(7), 1],
  // U = 0 of 20 × 20, mean 200, variance 1366.67: z = 5.397.
  ['samples that do not overlap', sequence(20), sequence(20, 100), 6.8e-8],
  // U = 190, as every value of the second sample lies just above its partner: z = 0.2570.
  ['samples shifted by half a step', sequence(20), sequence(20, 0.5), 0.797],
])('finds how likely %s come from one distribution', (_, first, second, expected) => {
  expect(mannWhitney(first, second)).toBeCloseTo(expected, 3);
  expect(mannWhitney(second, first)).toBeCloseTo(expected, 3);
});

it('finds a small shift in many noisy values', () => {
  const noisy = (shift: number) => sequence(4_000).map((index) => ((index * 7_919) % 1_009) + shift);
  expect(mannWhitney(noisy(0), noisy(0))).toBeCloseTo(1, 6);
  expect(mannWhitney(noisy(0), noisy(40))).toBeLessThan(0.001);
});
