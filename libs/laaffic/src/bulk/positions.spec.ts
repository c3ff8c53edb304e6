import { array, assert, integer, property, tuple } from 'fast-check';
import { Positions } from './positions.js';

const range = tuple(integer({ min: 0, max: 30 }), integer({ min: 0, max: 10 })).map(
  ([from, length]) => [from, from + length] as const,
);

it('hold exactly what was added, in as few ranges as can be', () => {
  assert(
    property(array(range, { maxLength: 12 }), (ranges) => {
      const positions = new Positions(ranges);
      const all = Array.from({ length: 45 }, (_, position) => position);
      const added = all.filter((position) => ranges.some(([from, to]) => from <= position && position < to));
      expect(all.filter((position) => positions.has(position))).toEqual(added);
      const starts = added.filter((position) => !added.includes(position - 1));
      const ends = added.filter((position) => !added.includes(position + 1)).map((position) => position + 1);
      expect(positions.ranges).toEqual(starts.map((start, index) => [start, ends[index]]));
      expect(new Positions(positions.ranges).ranges).toEqual(positions.ranges);
    }),
  );
});

it.each([[[-1, 2]], [[2, 1]], [[0.5, 2]], [[0, NaN]], [[0, Infinity]]] as [[number, number]][])('refuse %j', (bad) => {
  expect(() => new Positions([[0, 5], bad])).toThrow(RangeError);
});
