import type { ErrorLog } from '../errors/error-log.js';
import type { OutboxStore } from '../store/outbox-store.js';
import { ResultWriter, type AttemptResult } from './result-writer.js';

/** A database that rejects statements with one of these words. */
function storeThatRejects(...words: [word: string, code: string][]) {
  const stored: string[] = [];
  let statements = 0;
  const run = (_: unknown, { results }: { readonly results: string }) => {
    statements += 1;
    const rejected = words.find(([word]) => results.includes(word));
    if (rejected !== undefined) return Promise.reject(Object.assign(new Error('rejected'), { code: rejected[1] }));
    const list = JSON.parse(results) as { readonly type: string; readonly chunk_id: string }[];
    stored.push(...list.map(({ type, chunk_id }) => `${type} ${chunk_id}`));
    return Promise.resolve([{ stored: list.map(() => true) }]);
  };
  const store = {
    ...{ actor: 'test', settings: { timing: { reportsAfterMs: false } }, database: { run } },
    errors: { report: () => undefined, resolve: () => undefined } satisfies Pick<ErrorLog, 'report' | 'resolve'>,
    listener: { emit: () => undefined },
  };
  return { store: store as unknown as OutboxStore, stored, statements: () => statements };
}

const completed = (msgIds: string): AttemptResult => ({ type: 'completed', slots: undefined, msgIds, others: [] });
const chunk = (id: number) => ({ id: String(id), attempt: 1 });

describe('ResultWriter', () => {
  it('stores many outcomes in few statements', async () => {
    const { store, stored, statements } = storeThatRejects();
    const results = new ResultWriter(store);
    const written = await Promise.all(Array.from({ length: 40 }, (_, i) => results.write(chunk(i), completed('1'))));
    expect(written).toEqual(written.map(() => true));
    expect(stored.sort()).toEqual(Array.from({ length: 40 }, (_, i) => `completed ${i}`).sort());
    expect(statements()).toBeLessThanOrEqual(3);
  });

  it.each(['22P02', '23514', '54000'])(
    'marks an outcome that is rejected with %s unknown, and stores the others',
    async (code) => {
      const { store, stored } = storeThatRejects(['poison', code]);
      const results = new ResultWriter(store);
      const ids = ['1', '2', 'poison', '4'];
      const written = await Promise.all(ids.map((msgIds, i) => results.write(chunk(i), completed(msgIds))));
      expect(written).toEqual([true, true, true, true]);
      expect(stored).toEqual(['completed 0', 'completed 1', 'unknown 2', 'completed 3']);
      expect(await results.write(chunk(9), completed('9'))).toBe(true);
    },
  );

  it('gives up an outcome that cannot even become unknown, and continues', async () => {
    const { store, stored } = storeThatRejects(['poison', '22P02'], ['OUTBOX_INTERNAL_ERROR', '22P02']);
    const results = new ResultWriter(store);
    const written = await Promise.all(['poison', '1'].map((ids, i) => results.write(chunk(i), completed(ids))));
    expect(written).toEqual([false, true]);
    expect(stored).toEqual(['completed 1']);
  });
});
