import { setImmediate } from 'node:timers/promises';
import type { MessageView, OutboxMessage } from './message-view.js';
import { Outcomes } from './outcomes.js';

/** Messages whose state a test sets. */
function messagesIn(state: { is: 'pending' | 'accepted' }) {
  const find = (id: string) => Promise.resolve({ id, recipients: [{ state: state.is }] } as unknown as OutboxMessage);
  return { find } as unknown as MessageView;
}

describe('Outcomes', () => {
  it.each(['7', ''])('told of %j, wakes everybody who waits for the message, though others have left', async (told) => {
    const state: { is: 'pending' | 'accepted' } = { is: 'pending' };
    const outcomes = new Outcomes(messagesIn(state));
    const [brief, patient, later] = [outcomes.of('7', 1), outcomes.of('7', 60_000), outcomes.of('7', 60_000)];
    expect(await brief).toBeUndefined();
    state.is = 'accepted';
    const woken: (string | undefined)[] = [];
    for (const one of [patient, later]) void one.then((message) => woken.push(message?.id));
    outcomes.tell(told);
    // Sooner than any timer for the next look.
    await setImmediate();
    expect(woken).toEqual(['7', '7']);
  });

  it('leaves off when the signal says so, at once or before', async () => {
    const outcomes = new Outcomes(messagesIn({ is: 'pending' }));
    const abort = new AbortController();
    const waiting = outcomes.of('7', 60_000, abort.signal);
    abort.abort();
    expect([await waiting, await outcomes.of('7', 60_000, abort.signal)]).toEqual([undefined, undefined]);
  });
});
