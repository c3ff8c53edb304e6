// Compiled by the type check and never run: each line after a directive must be an error.
import type { FakeSmsService, SentSms } from 'nestjs-laaffic/testing';

export function testingTypes(fake: FakeSmsService, [first]: readonly [SentSms]): string {
  // @ts-expect-error a failure is a status, a fault or a list of numbers
  fake.failNext({ outcome: 'unknown' });
  // @ts-expect-error there is no such fault
  fake.failNext({ failure: 'flood' });
  // @ts-expect-error queries have no recipients to reject
  fake.failNextQuery({ reject: ['91856321412'] });
  // @ts-expect-error amounts are text
  fake.setBalance(12.5);
  // @ts-expect-error there is no such state
  fake.setDeliveryReport('2601010000000000001', 'lost');
  // @ts-expect-error messages that were sent are read-only
  first.content = '';
  const number: string = fake.lastMessage().number;
  return number;
}
