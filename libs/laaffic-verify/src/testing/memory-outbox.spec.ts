import { MemoryOutbox } from './memory-outbox.js';
import { MemoryTransaction } from './memory-table.js';

const NOW = new Date('2030-01-01');

describe('MemoryOutbox', () => {
  let outbox: MemoryOutbox;
  beforeEach(() => {
    outbox = new MemoryOutbox(() => NOW);
  });
  const send = (number: string, transaction?: MemoryTransaction) => {
    outbox.send({ number, content: `to ${number}`, code: '123456', verificationId: 'v' }, transaction);
  };
  const message = (number: string) => ({
    ...{ number, content: `to ${number}`, code: '123456', verificationId: 'v', sentAt: NOW },
  });

  it('sends at once', () => {
    send('+441');
    expect(outbox.sent).toEqual([message('+441')]);
  });

  it('sends when the transaction commits, and never if it is rolled back', () => {
    const [committed, rolledBack] = [new MemoryTransaction(), new MemoryTransaction()];
    send('+441', committed);
    send('+442', rolledBack);
    send('+443');
    rolledBack.end(false);
    committed.end(true);
    expect(outbox.sent).toEqual([message('+443'), message('+441')]);
  });

  it('keeps the last 10,000 messages', () => {
    for (let number = 1; number <= 10_050; number++) send(String(number));
    expect(outbox.sent.map(({ number }) => Number(number))).toEqual(Array.from({ length: 10_000 }, (_, at) => at + 51));
  });

  it('forgets everything, also what open transactions will send', () => {
    const transaction = new MemoryTransaction();
    send('+442', transaction);
    send('+443');
    outbox.clear();
    transaction.end(true);
    expect(outbox.sent).toEqual([]);
  });
});
