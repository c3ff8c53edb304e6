import { MemoryOutbox } from './memory-outbox.js';
import { MemoryTransaction } from './memory-table.js';

const NOW = new Date('2030-01-01');

describe('MemoryOutbox', () => {
  let outbox: MemoryOutbox;
  beforeEach(() => {
    outbox = new MemoryOutbox(() => NOW);
  });
  const enqueue = async (number: string) => (await outbox.enqueue({ to: number, content: `to ${number}` })).id;
  const send = async (number: string, transaction?: MemoryTransaction) => {
    outbox.send(await enqueue(number), { code: '123456', verificationId: 'v' }, transaction);
  };
  const message = (number: string) => ({
    ...{ number, content: `to ${number}`, code: '123456', verificationId: 'v', sentAt: NOW },
  });

  it('sends a message once its code is known', async () => {
    const id = await enqueue('+441');
    expect(outbox.sent).toEqual([]);
    for (let count = 0; count < 2; count++) outbox.send(id, { code: '123456', verificationId: 'v' }, undefined);
    outbox.send('another', { code: '123456', verificationId: 'v' }, undefined);
    expect(outbox.sent).toEqual([message('+441')]);
  });

  it('sends when the transaction commits, and never if it is rolled back', async () => {
    const [committed, rolledBack] = [new MemoryTransaction(), new MemoryTransaction()];
    await send('+441', committed);
    await send('+442', rolledBack);
    await send('+443');
    rolledBack.end(false);
    committed.end(true);
    expect(outbox.sent).toEqual([message('+443'), message('+441')]);
  });

  it('keeps the last 10,000 messages', async () => {
    for (let number = 1; number <= 10_050; number++) await send(String(number));
    expect(outbox.sent.map(({ number }) => Number(number))).toEqual(Array.from({ length: 10_000 }, (_, at) => at + 51));
  });

  it('forgets everything, also what open transactions have enqueued', async () => {
    const transaction = new MemoryTransaction();
    const id = await enqueue('+441');
    await send('+442', transaction);
    await send('+443');
    outbox.clear();
    outbox.send(id, { code: '123456', verificationId: 'v' }, undefined);
    transaction.end(true);
    expect(outbox.sent).toEqual([]);
  });
});
