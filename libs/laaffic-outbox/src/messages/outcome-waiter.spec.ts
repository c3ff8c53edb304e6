import { warningsOf } from '../../../../test/warnings.js';
import { OutboxError } from '../errors/outbox.error.js';
import type { OutboxMessage } from './message-reader.js';
import { OutcomeWaiter } from './outcome-waiter.js';

const HOUR = 3_600_000;
const WAIT = { timeout: HOUR, isNew: true };

/** Messages that a test decides, and the recorded readings. */
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

describe('OutcomeWaiter', () => {
  it.each(['7', ''])(
    'resolves every waiting caller when it is told %j, even if other callers have left',
    async (told) => {
      const all = messages();
      const outcomes = new OutcomeWaiter(all);
      const [brief, patient, later] = [
        outcomes.wait('7', { ...WAIT, timeout: 1 }),
        outcomes.wait('7', WAIT),
        outcomes.wait('7', WAIT),
      ];
      expect(await brief).toBeUndefined();
      all.decided.add('7');
      outcomes.read(told);
      expect(await Promise.all([patient, later])).toEqual([{ id: '7' }, { id: '7' }]);
    },
  );

  it('lets any number of callers wait with one signal, without a warning', async () => {
    const outcomes = new OutcomeWaiter(messages());
    const abort = new AbortController();
    const warnings = await warningsOf(async () => {
      const waiting = Array.from({ length: 20 }, (_, id) =>
        outcomes.wait(String(id), { ...WAIT, signal: abort.signal }),
      );
      abort.abort();
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => undefined));
    });
    expect(warnings).toEqual([]);
  });

  it('reads once for all messages that are decided during a reading, and skips messages that no caller waits for', async () => {
    const all = messages();
    const outcomes = new OutcomeWaiter(all);
    const ids = Array.from({ length: 500 }, (_, i) => String(i));
    const waiting = ids.map((id) => outcomes.wait(id, WAIT));
    for (const id of ids) all.decided.add(id);
    for (const id of [...ids, '500', '501']) outcomes.read(id);
    expect((await Promise.all(waiting)).map((message) => message?.id)).toEqual(ids);
    expect(all.readings).toEqual([['0'], ids.slice(1)]);
  });

  it('finds outcomes without a notification, by one poll for all callers', async () => {
    const all = messages();
    const outcomes = new OutcomeWaiter(all);
    const waiting = ['1', '2', '3'].map((id) => outcomes.wait(id, WAIT));
    for (const id of ['1', '2', '3']) all.decided.add(id);
    expect((await Promise.all(waiting)).map((message) => message?.id)).toEqual(['1', '2', '3']);
    expect(all.readings).toEqual([['1', '2', '3']]);
  });

  it('reads a message that was stored earlier at once, and only once if the caller does not wait', async () => {
    const all = messages();
    const outcomes = new OutcomeWaiter(all);
    all.decided.add('7');
    expect(await outcomes.wait('7', { timeout: HOUR, isNew: false })).toEqual({ id: '7' });
    expect(await outcomes.wait('8', { timeout: 0, isNew: false })).toBeUndefined();
    expect(await outcomes.wait('9', { timeout: 0, isNew: true })).toBeUndefined();
    expect(all.readings).toEqual([['7'], ['8']]);
  });

  it('keeps waiting while the database fails, and rejects on any other error', async () => {
    const failures = [new OutboxError('OUTBOX_DATABASE_UNAVAILABLE', 'away'), new TypeError('a fault')];
    const outcomes = new OutcomeWaiter({ findDecided: () => Promise.reject(failures.shift()!) });
    const waiting = outcomes.wait('7', WAIT);
    outcomes.read('7');
    await expect(waiting).rejects.toThrow('a fault');
    expect(failures).toEqual([]);
  });

  it('stops waiting when the signal aborts, or was aborted before', async () => {
    const outcomes = new OutcomeWaiter(messages());
    const abort = new AbortController();
    const waiting = outcomes.wait('7', { ...WAIT, signal: abort.signal });
    abort.abort();
    expect(await waiting).toBeUndefined();
    expect(await outcomes.wait('7', { ...WAIT, signal: abort.signal })).toBeUndefined();
  });
});
