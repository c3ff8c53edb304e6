import { warningsOf } from '../../../../test/warnings.js';
import type { CampaignProgress } from './campaign.js';
import { SharedProgress } from './shared-progress.js';

/** A campaign that a test moves on, and the number of its readings. */
function campaign() {
  const state = { readings: 0, accepted: 0, state: 'running' };
  const read = (id: string): Promise<CampaignProgress> => {
    state.readings++;
    return Promise.resolve({ id, state: state.state, accepted: state.accepted, sending: 0 } as CampaignProgress);
  };
  return { state, shared: new SharedProgress(read) };
}

async function all(progress: AsyncGenerator<CampaignProgress, void, undefined>): Promise<number[]> {
  const counts: number[] = [];
  for await (const { accepted } of progress) counts.push(accepted);
  return counts;
}

describe('SharedProgress', () => {
  it('reads once for concurrent callers, and again for a later caller', async () => {
    const { state, shared } = campaign();
    const first = shared.now('7');
    state.accepted = 1;
    const others = Array.from({ length: 100 }, () => shared.now('7'));
    expect((await first).accepted).toBe(0);
    // A reading that started before the call does not count.
    expect(new Set((await Promise.all(others)).map(({ accepted }) => accepted))).toEqual(new Set([1]));
    expect(state.readings).toBe(2);
    state.accepted = 2;
    expect((await shared.now('7')).accepted).toBe(2);
  });

  it('reads for a thousand watchers as often as for one', async () => {
    const { state, shared } = campaign();
    const watching = Array.from({ length: 1_000 }, () => all(shared.watch('7', 50, undefined)));
    const others = all(shared.watch('8', 50, undefined));
    while (state.readings < 10) await new Promise((resolve) => setTimeout(resolve, 1));
    state.accepted = 5;
    state.state = 'done';
    expect(new Set((await Promise.all(watching)).map(String))).toEqual(new Set(['0,5']));
    expect(await others).toEqual([0, 5]);
    // Ten before, some while a thousand are notified, and one to see the end. Separate watchers would have made
    // thousands.
    expect(state.readings).toBeLessThan(50);
  });

  it('passes a failure to every caller, and reads again for the next one', async () => {
    let fails = true;
    const shared = new SharedProgress((id) =>
      fails ? Promise.reject(new Error('away')) : Promise.resolve({ id, state: 'done' } as CampaignProgress),
    );
    const results = await Promise.allSettled([shared.now('7'), shared.now('7'), all(shared.watch('7', 50, undefined))]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    fails = false;
    expect((await shared.now('7')).state).toBe('done');
  });

  it('lets any number of callers watch with one signal, without a warning', async () => {
    const { shared } = campaign();
    const abort = new AbortController();
    const warnings = await warningsOf(async () => {
      const watching = Array.from({ length: 20 }, () => all(shared.watch('7', 3_600_000, abort.signal)));
      await new Promise(setImmediate);
      abort.abort();
      await Promise.all(watching);
    });
    expect(warnings).toEqual([]);
  });

  it('ends when the signal aborts', async () => {
    const { shared } = campaign();
    const abort = new AbortController();
    const counts: number[] = [];
    for await (const { accepted } of shared.watch('7', 3_600_000, abort.signal)) {
      counts.push(accepted);
      abort.abort();
    }
    expect(counts).toEqual([0]);
  });
});
