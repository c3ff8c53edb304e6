import fc from 'fast-check';
import { byTime, mergeByTime } from './merge-by-time.js';
import type { Start } from './start.js';

const startAt = (at: number, number = '+4915112345678'): Start => ({
  at,
  number,
  country: 'DE',
  source: '10.0.0.1',
  isKnown: false,
  cost: 0.08,
  isAttack: false,
  willEnterCodeAfterMs: undefined,
  retryAfterMs: [],
});

describe('mergeByTime', () => {
  it('keeps all starts, in order of time', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(50))), (streams) => {
        const starts = streams.map((times) => times.map((at) => startAt(at)).sort(byTime));
        expect([...mergeByTime(...starts)]).toEqual(starts.flat().sort(byTime));
      }),
    );
  });

  it('takes the first stream first at the same time', () => {
    const [one, other] = [startAt(1, '+1'), startAt(1, '+2')];
    expect([...mergeByTime([one], [other])]).toEqual([one, other]);
  });

  it('asks a stream for its next start after the last one was processed', () => {
    const asked: number[] = [];
    function* stream() {
      for (const at of [1, 2]) {
        asked.push(at);
        yield startAt(at);
      }
    }
    const merged = mergeByTime(stream(), []);
    merged.next();
    expect(asked).toEqual([1]);
  });
});
