import { array, assert, integer, property, tuple } from 'fast-check';
import { Positions } from './positions.js';

describe('Positions', () => {
  it('merges ranges that overlap', () => {
    expect(
      new Positions([
        [0, 5],
        [3, 8],
      ]).ranges,
    ).toEqual([[0, 8]]);
  });

  it('merges ranges that touch', () => {
    expect(
      new Positions([
        [5, 8],
        [0, 5],
      ]).ranges,
    ).toEqual([[0, 8]]);
  });

  it('keeps ranges with a gap between them apart, in order', () => {
    expect(
      new Positions([
        [6, 8],
        [0, 5],
      ]).ranges,
    ).toEqual([
      [0, 5],
      [6, 8],
    ]);
  });

  it('merges all ranges that a new one covers', () => {
    expect(
      new Positions([
        [0, 2],
        [4, 6],
        [8, 10],
        [20, 21],
        [1, 9],
      ]).ranges,
    ).toEqual([
      [0, 10],
      [20, 21],
    ]);
  });

  it('ignores an empty range', () => {
    expect(new Positions([[3, 3]]).ranges).toEqual([]);
  });

  it('has the first position of a range, and not its end', () => {
    const positions = new Positions([[2, 4]]);
    expect([1, 2, 3, 4].filter((position) => positions.has(position))).toEqual([2, 3]);
  });

  it('has exactly the positions that were added, whatever the ranges are', () => {
    const range = tuple(integer({ min: 0, max: 30 }), integer({ min: 0, max: 10 })).map(
      ([from, length]) => [from, from + length] as const,
    );
    assert(
      property(array(range, { maxLength: 12 }), (ranges) => {
        const positions = new Positions(ranges);
        const added = new Set(ranges.flatMap(([from, to]) => numbers(from, to)));
        const ofRanges = positions.ranges.flatMap(([from, to]) => numbers(from, to));
        expect(numbers(0, 45).filter((position) => positions.has(position))).toEqual(ofRanges);
        expect(ofRanges).toEqual([...added].sort((a, b) => a - b));
        // With a gap before each range there are as few as possible.
        for (const [from] of positions.ranges) expect(positions.has(from - 1)).toBe(false);
      }),
    );
  });

  it.each([[[-1, 2]], [[2, 1]], [[0.5, 2]], [[0, NaN]], [[0, Infinity]]] as [[number, number]][])(
    'rejects the range %j',
    (range) => {
      expect(() => new Positions([[0, 5], range])).toThrow(RangeError);
    },
  );
});

function numbers(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
