import type { SmsOutbox } from 'nestjs-laaffic-outbox';
import { typeOrmTransaction } from 'nestjs-laaffic-outbox/typeorm';
import type { DataSource } from 'typeorm';

/** Stores the order and its message: both, or neither. */
export function placeOrder(dataSource: DataSource, outbox: SmsOutbox, number: string) {
  return dataSource.transaction(async (manager) => {
    await manager.query('insert into orders (name) values ($1)', [number]);
    const sms = { to: number, content: 'Your order is placed' };
    return outbox.enqueue(sms, { transaction: typeOrmTransaction(manager) });
  });
}
