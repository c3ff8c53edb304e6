import type { Start } from './start.js';

/** Merges streams that are in order of time. Reads one start ahead of each. */
export function* mergeByTime(...streams: readonly Iterable<Start>[]): Generator<Start> {
  const iterators = streams.map((stream) => stream[Symbol.iterator]());
  const heads = iterators.map((iterator) => nextOf(iterator));
  for (;;) {
    let first = -1;
    let earliest: Start | undefined;
    for (const [index, head] of heads.entries()) {
      if (head === undefined || (earliest !== undefined && earliest.at <= head.at)) continue;
      [first, earliest] = [index, head];
    }
    const iterator = iterators[first];
    if (earliest === undefined || iterator === undefined) return;
    yield earliest;
    heads[first] = nextOf(iterator);
  }
}

function nextOf(iterator: Iterator<Start>): Start | undefined {
  const result = iterator.next();
  return result.done === true ? undefined : result.value;
}

export const byTime = (one: Start, other: Start): number => one.at - other.at;
