import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { BoundedList } from './bounded-list.js';
import { History } from './history.js';
import { MsgIds } from './msg-ids.js';
import fc from 'fast-check';

describe('BoundedList', () => {
  it('keeps the newest entries, whatever is pushed and however it is resized', () => {
    const steps = fc.array(fc.oneof(fc.record({ push: fc.nat(3000) }), fc.record({ resize: fc.nat(2000) })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(steps, fc.nat(2000), (actions, limit) => {
        const list = new BoundedList<number>(limit);
        let expected: number[] = [];
        let most = limit;
        let next = 0;
        for (const action of actions) {
          if ('resize' in action) {
            most = action.resize;
            list.resize(most);
          } else {
            for (let pushed = 0; pushed < action.push; pushed += 1) {
              list.push(next);
              expected.push(next);
              next += 1;
            }
          }
          expected = most === 0 ? [] : expected.slice(-most);
        }
        expect(list.size).toBe(expected.length);
        expect(list.all).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('does not copy while nothing has been dropped', () => {
    const list = new BoundedList<number>(2);
    const { all } = list;
    list.push(1);
    expect(all).toEqual([1]);
    list.clear();
    expect(all).toEqual([1]);
    expect(list.all).toEqual([]);
  });
});

describe('History', () => {
  const request = new IncomingMessage(new Socket());
  const kept = ({ requests }: History): [number, number | undefined][] =>
    requests.all.map(({ id, rawBody }) => [id, rawBody?.length]);

  it('drops only the oldest requests when the bodies would fill the memory', () => {
    const history = new History(null, null);
    const body = 'x'.repeat(40 * 1024 * 1024);
    for (let sent = 0; sent < 5; sent += 1) history.keepBody(history.addRequest(request, 0), body);
    expect(kept(history)).toEqual([3, 4, 5].map((id) => [id, body.length]));
    const early = history.addRequest(request, 0);
    history.clear();
    history.keepBody(early, body.repeat(3));
    for (let sent = 0; sent < 3; sent += 1) history.keepBody(history.addRequest(request, 0), body);
    expect(kept(history)).toEqual([1, 2, 3].map((id) => [id, body.length]));
  });

  it('keeps the newest request, however long it is', () => {
    const history = new History(null, null);
    const body = 'x'.repeat(200 * 1024 * 1024);
    for (let sent = 0; sent < 2; sent += 1) history.keepBody(history.addRequest(request, 0), body);
    expect(kept(history)).toEqual([[2, body.length]]);
  });
});

describe('MsgIds', () => {
  it('issues ids that start with the time in UTC+8', () => {
    const ids = new MsgIds();
    expect(ids.next(Date.parse('2021-12-31T15:59:59.999Z'))).toBe('2112312359590000001');
    expect(ids.next(Date.parse('2021-12-31T16:00:00.000Z'))).toBe('2201010000000000002');
    expect(ids.next(Date.parse('2021-12-31T15:59:59.000Z'))).toBe('2112312359590000003');
  });

  it('does not repeat an id when the clock stands still for more than ten million', () => {
    const ids = new MsgIds(9_999_998);
    expect(ids.next(0)).toBe('7001010800009999999');
    expect(ids.next(0)).toBe('7001010800010000000');
    expect(ids.next(0)).toBe('7001010800010000001');
  });
});
