import { Outages } from '../outages.js';
import type { OutboxLedger } from './outbox-ledger.js';
import { Settlements, type Verdict } from './settlements.js';

/** A database that rejects statements with one of these words. */
function ledgerThatRefuses(...words: [word: string, code: string][]) {
  const taken: string[] = [];
  let statements = 0;
  const query = (text: string, params: unknown[]) => {
    statements += 1;
    const refused = words.find(([word]) => params.some((param) => String(param).includes(word)) || text.includes(word));
    if (refused !== undefined) return Promise.reject(Object.assign(new Error('refused'), { code: refused[1] }));
    const calls = [...text.matchAll(/\.(\w+)\(([^)]*)\)/g)].map(([, call = '', places = '']) => {
      const id = params[Number(places.split(',')[0]?.trim().slice(1)) - 1];
      return `${call} ${String(id)}`;
    });
    taken.push(...calls);
    return Promise.resolve({ rows: [Object.fromEntries(calls.map((_, index) => [`taken_${index}`, true]))] });
  };
  const ledger = {
    ...{ by: 'test', settings: { timing: { reportsAfterMs: false } }, database: { schema: '"s"', query } },
    outages: { report: () => undefined, over: () => undefined } satisfies Pick<Outages, 'report' | 'over'>,
    notifications: { call: () => undefined },
    reportActivity: () => undefined,
  };
  return { ledger: ledger as unknown as OutboxLedger, taken, statements: () => statements };
}

const settled = (msgIds: string): Verdict => ({ is: 'settled', slots: undefined, msgIds, others: [] });
const chunk = (id: number) => ({ id: String(id), attempt: 1 });

describe('Settlements', () => {
  it('stores many outcomes in few statements', async () => {
    const { ledger, taken, statements } = ledgerThatRefuses();
    const settlements = new Settlements(ledger);
    const written = await Promise.all(Array.from({ length: 40 }, (_, i) => settlements.write(chunk(i), settled('1'))));
    expect(written).toEqual(written.map(() => true));
    expect(taken.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `settle ${i}`).sort());
    expect(statements()).toBeLessThanOrEqual(3);
  });

  it.each(['22P02', '23514', '54000'])(
    'marks an outcome that is rejected with %s unknown, and stores the others',
    async (code) => {
      const { ledger, taken } = ledgerThatRefuses(['poison', code]);
      const settlements = new Settlements(ledger);
      const ids = ['1', '2', 'poison', '4'];
      const written = await Promise.all(ids.map((msgIds, i) => settlements.write(chunk(i), settled(msgIds))));
      expect(written).toEqual([true, true, true, true]);
      expect(taken).toEqual(['settle 0', 'settle 1', 'doubt 2', 'settle 3']);
      expect(await settlements.write(chunk(9), settled('9'))).toBe(true);
    },
  );

  it('gives up an outcome that cannot even become unknown, and continues', async () => {
    const { ledger, taken } = ledgerThatRefuses(['poison', '22P02'], ['OUTBOX_INTERNAL_ERROR', '22P02']);
    const settlements = new Settlements(ledger);
    const written = await Promise.all(['poison', '1'].map((ids, i) => settlements.write(chunk(i), settled(ids))));
    expect(written).toEqual([false, true]);
    expect(taken).toEqual(['settle 1']);
  });
});
