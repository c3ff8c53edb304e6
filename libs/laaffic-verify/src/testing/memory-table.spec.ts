import fc from 'fast-check';
import { MemoryTable, MemoryTransaction } from './memory-table.js';

const FOREVER = () => true;

describe('MemoryTable', () => {
  it.each([
    ['commits', true, ['new', undefined, 'added']],
    ['is rolled back', false, ['old', 'kept', undefined]],
  ])('shows the rows of a transaction to others when it %s', (_, isCommitted, after) => {
    const table = new MemoryTable<string>(FOREVER);
    const transaction = new MemoryTransaction();
    const read = (as?: MemoryTransaction) => ['changed', 'deleted', 'added'].map((key) => table.find(key, as));
    table.set('changed', 'old', 0);
    table.set('deleted', 'kept', 0);
    table.set('changed', 'new', 0, transaction);
    table.set('deleted', undefined, 0, transaction);
    table.set('added', 'added', 0, transaction);
    expect([read(transaction), read()]).toEqual([
      ['new', undefined, 'added'],
      ['old', 'kept', undefined],
    ]);
    transaction.end(isCommitted);
    expect([read(transaction), read()]).toEqual([after, after]);
  });

  it('tells who holds a row until the transaction ends', () => {
    const table = new MemoryTable<string>(FOREVER);
    const transaction = new MemoryTransaction();
    table.set('row', 'value', 0);
    table.hold('row', transaction);
    table.hold('no row', transaction);
    expect([table.holderOf('row'), table.holderOf('no row')]).toEqual([transaction, undefined]);
    transaction.end(false);
    expect([table.holderOf('row'), table.find('row'), table.size]).toEqual([undefined, 'value', 1]);
  });

  it('forgets what is not needed, and nothing else', () => {
    const lifetimes = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(lifetimes, (all) => {
        const table = new MemoryTable<number>((until, now) => until > now);
        for (const [now, lifetime] of all.entries()) {
          table.set(String(now), now + lifetime, now);
          for (let key = 0; key <= now; key++)
            if (key + all[key]! > now) expect(table.find(String(key))).toBe(key + all[key]!);
          // At most 50 rows are needed at a time, and one walk through the table lasts half as long as it has rows.
          expect(table.size).toBeLessThan(200);
        }
      }),
      { numRuns: 20 },
    );
  });

  it('does not forget a row that a transaction holds', () => {
    const table = new MemoryTable<number>((until, now) => until > now);
    const transaction = new MemoryTransaction();
    table.set('held', 1, 0, transaction);
    for (let now = 2; now < 20; now++) table.set(String(now), now, now);
    expect(table.find('held', transaction)).toBe(1);
  });
});

describe('MemoryTransaction', () => {
  it('runs no SQL', async () => {
    await expect(new MemoryTransaction().query()).rejects.toThrow('A transaction in memory runs no SQL');
  });

  it('rejects calls after its end', () => {
    const transaction = new MemoryTransaction();
    transaction.checkOpen();
    transaction.end(true);
    expect(() => {
      transaction.checkOpen();
    }).toThrow('The transaction has ended');
  });

  it('rejects a wait that would never end', async () => {
    const [a, b, c] = [new MemoryTransaction(), new MemoryTransaction(), new MemoryTransaction()];
    const waits = [a.waitFor(b), b.waitFor(c)];
    await expect(c.waitFor(a)).rejects.toThrow('Two transactions wait for each other');
    c.end(false);
    await waits[1];
    b.end(true);
    await waits[0];
  });
});
