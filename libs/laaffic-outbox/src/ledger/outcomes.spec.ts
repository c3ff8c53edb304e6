import { OutboxError } from '../outbox.error.js';
import type { OutboxMessage } from './message-view.js';
import { Outcomes } from './outcomes.js';

const HOUR = 3_600_000;
const WAIT = { timeout: HOUR, isNew: true };

/** Messages that a test decides, and the readings that were made of them. */
function messages() {
  const decided = new Set<string>();
  const readings: (readonly string[])[] = [];
  const findDecided = (ids: readonly string[]) => {
    readings.push(ids);
    return Promise.resolve(
      new Map(ids.flatMap((id) => (decided.has(id) ? [[id, { id } as unknown as OutboxMessage]] : []))),
    );
  };
  return { decided, readings, findDecided };
}

describe('Outcomes', () => {
  it.each(['7', ''])(
    'told of %j, answers everybody who waits for the message, though others have left',
    async (told) => {
      const all = messages();
      const outcomes = new Outcomes(all);
      const [brief, patient, later] = [
        outcomes.of('7', { ...WAIT, timeout: 1 }),
        outcomes.of('7', WAIT),
        outcomes.of('7', WAIT),
      ];
      expect(await brief).toBeUndefined();
      all.decided.add('7');
      outcomes.tell(told);
      expect(await Promise.all([patient, later])).toEqual([{ id: '7' }, { id: '7' }]);
    },
  );

  it('reads once for all who are told of while a reading is under way, and nothing for messages of others', async () => {
    const all = messages();
    const outcomes = new Outcomes(all);
    const ids = Array.from({ length: 500 }, (_, i) => String(i));
    const waiting = ids.map((id) => outcomes.of(id, WAIT));
    for (const id of ids) all.decided.add(id);
    for (const id of [...ids, '500', '501']) outcomes.tell(id);
    expect((await Promise.all(waiting)).map((message) => message?.id)).toEqual(ids);
    expect(all.readings).toEqual([['0'], ids.slice(1)]);
  });

  it('hears of what was decided without a call, by one look for all who wait', async () => {
    const all = messages();
    const outcomes = new Outcomes(all);
    const waiting = ['1', '2', '3'].map((id) => outcomes.of(id, WAIT));
    for (const id of ['1', '2', '3']) all.decided.add(id);
    expect((await Promise.all(waiting)).map((message) => message?.id)).toEqual(['1', '2', '3']);
    expect(all.readings).toEqual([['1', '2', '3']]);
  });

  it('reads what was stored before at once, and only once if nobody waits', async () => {
    const all = messages();
    const outcomes = new Outcomes(all);
    all.decided.add('7');
    expect(await outcomes.of('7', { timeout: HOUR, isNew: false })).toEqual({ id: '7' });
    expect(await outcomes.of('8', { timeout: 0, isNew: false })).toBeUndefined();
    expect(await outcomes.of('9', { timeout: 0, isNew: true })).toBeUndefined();
    expect(all.readings).toEqual([['7'], ['8']]);
  });

  it('goes on waiting while nothing can be read, and fails where that is no failure of the database', async () => {
    const failures = [new OutboxError('OUTBOX_DATABASE', 'away'), new TypeError('a fault')];
    const outcomes = new Outcomes({ findDecided: () => Promise.reject(failures.shift()!) });
    const waiting = outcomes.of('7', WAIT);
    outcomes.tell('7');
    await expect(waiting).rejects.toThrow('a fault');
    expect(failures).toEqual([]);
  });

  it('leaves off when the signal says so, at once or before', async () => {
    const outcomes = new Outcomes(messages());
    const abort = new AbortController();
    const waiting = outcomes.of('7', { ...WAIT, signal: abort.signal });
    abort.abort();
    expect([await waiting, await outcomes.of('7', { ...WAIT, signal: abort.signal })]).toEqual([undefined, undefined]);
  });
});
