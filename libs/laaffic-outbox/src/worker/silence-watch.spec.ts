import { SilenceWatch } from './silence-watch.js';

/**
 * Records requests by size. Negative sizes got no response.
 * @returns the result of each.
 */
function record(...sizes: number[]): (number | undefined)[] {
  const watch = new SilenceWatch();
  return sizes.map((size) => watch.record(Math.abs(size), size < 0));
}
const times = (count: number, ...sizes: number[]) => Array.from({ length: count }, () => sizes).flat();
const nothing = (count: number) => Array.from({ length: count }, () => undefined);

describe('SilenceWatch', () => {
  it.each([
    ['five silent requests in a row', times(5, -1), 1],
    ['every second request that is silent, twenty of them', times(10, 1, -1), 1],
    ['silent requests of several sizes', [-1, -3, -50, -200, -1_000], 1_000],
    ['silent large requests, each after fifty responses to small ones', times(5, ...times(50, 1), -1_000), 1_000],
    ['silent requests of one size, among larger ones with a response', times(5, ...times(10, 1_000), -100), 100],
  ])('reports the largest request after %s', (_, sizes, largest) => {
    expect(record(...sizes)).toEqual([...nothing(sizes.length - 1), largest]);
  });

  it.each([
    ['four silent requests', times(4, -1_000)],
    ['one silent request of three', times(50, 1, 1, -1)],
    ['four silent requests of five, once', [1, ...times(4, -1), 1, 1, 1, ...times(4, -1), 1]],
    ['responses only', times(100, 1_000)],
  ])('reports nothing after %s', (_, sizes) => {
    expect(record(...sizes)).toEqual(nothing(sizes.length));
  });

  it('hardly ever takes a random loss of responses for silence', () => {
    // Every tenth, drawn by a generator that is the same in each run.
    let state = 1;
    const drawn = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const said = record(...Array.from({ length: 100_000 }, () => (drawn() < 0.1 ? -1 : 1)));
    expect(said.filter((size) => size !== undefined).length).toBeLessThan(5);
  });

  it('starts counting again after a report', () => {
    expect(record(...times(11, -1))).toEqual([...nothing(4), 1, ...nothing(4), 1, undefined]);
  });
});
