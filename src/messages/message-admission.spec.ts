import { EventEmitter } from 'node:events';
import { BusyException } from '../common/errors/service.exception.js';
import { MessageAdmission } from './message-admission.js';

/** Takes a place for a request that the test ends. */
function enter(admission: MessageAdmission, closed = false) {
  const response = Object.assign(new EventEmitter(), { closed });
  const place = admission.slotOf(response);
  if (place.mayWait) place.startWaiting();
  return { ...place, response, end: () => response.emit('close') };
}

/** The seconds after which a rejected caller may retry. */
function retryAfterOf(admission: MessageAdmission): number | undefined {
  try {
    enter(admission).end();
    return undefined;
  } catch (error) {
    if (error instanceof BusyException) return error.retryAfterSeconds;
    throw error;
  }
}

describe('MessageAdmission', () => {
  const outbox = (due: number[] = []) => ({ countDue: () => Promise.resolve(due.shift() ?? 0) });
  const LIMITS = { inFlight: 2, backlog: 10, standstillMs: 3_600_000 };

  it('admits as many requests as may be in flight, each once, and another one when one ends', () => {
    const admission = new MessageAdmission(outbox(), LIMITS);
    const [first, second] = [enter(admission), enter(admission)];
    expect(first.mayWait).toBe(true);
    expect(second.mayWait).toBe(true);
    expect(retryAfterOf(admission)).toBe(1);
    expect(admission.slotOf(first.response).mayWait).toBe(true);
    first.end();
    expect(enter(admission).mayWait).toBe(true);
    expect(retryAfterOf(admission)).toEqual(expect.any(Number));
  });

  it('gives no slot to clients that disconnected before', () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, standstillMs: -1 });
    for (let i = 0; i < 10; i++) enter(admission, true);
    expect([1, 2].map(() => enter(admission).mayWait)).toEqual([true, true]);
  });

  it('admits as many again without waiting during a standstill', () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, standstillMs: -1 });
    const places = [1, 2, 3, 4].map(() => enter(admission));
    expect(places.map(({ mayWait }) => mayWait)).toEqual([true, true, false, false]);
    expect(retryAfterOf(admission)).toEqual(expect.any(Number));
    places[3]!.end();
    places[0]!.resolved();
    expect(retryAfterOf(admission)).toEqual(expect.any(Number));
  });

  it('spreads rejected callers over half a minute, as fast as requests end', () => {
    const admission = new MessageAdmission(outbox(), { ...LIMITS, inFlight: 0 });
    const seconds = Array.from({ length: 60 }, () => retryAfterOf(admission));
    // One ends a second at the least, and half as many again are let come.
    expect(seconds.slice(0, 6)).toEqual([1, 2, 2, 3, 4, 4]);
    expect(seconds.at(-1)).toBe(30);
  });

  it('admits nothing while too many messages wait, and reads the backlog again by itself', async () => {
    const admission = new MessageAdmission(outbox([11]), LIMITS);
    const looks: (number | undefined)[] = [];
    const look = async () => {
      looks.push(retryAfterOf(admission));
      await new Promise((resolve) => setTimeout(resolve, 1));
    };
    while (looks.at(-1) === undefined) await look();
    while (looks.at(-1) !== undefined) await look();
    expect(looks[0]).toBeUndefined();
  });
});
