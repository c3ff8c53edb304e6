import { LaafficInputException, type SendOptions, type SendSms, type SmsService } from 'nestjs-laaffic';
import { FakeSmsService } from 'nestjs-laaffic/testing';
import { failureOf, sandboxAndClient } from './account.js';

const content = 'hello world';
const both = sandboxAndClient();

const CALLS: [string, (sms: SmsService, command: SendSms, options: SendOptions) => Promise<{ accepted: unknown }>][] = [
  ['send by POST', (sms, command, options) => sms.send(command, options)],
  ['send by GET', (sms, command, options) => sms.send(command, { ...options, method: 'GET' })],
  ['sendBatch', (sms, command, options) => sms.sendBatch([command], options)],
];

describe.each(CALLS)('orderIdPrefix of %s', (_, call) => {
  it.each([
    ['the gateway', () => both.client.sms],
    ['the fake', () => new FakeSmsService()],
  ])('is the beginning of generated order ids, as %s sees them', async (_where, smsOf) => {
    const to = [...Array.from({ length: 37 }, (_one, i) => String(91856321400 + i)), { number: '91856321499' }];
    const { accepted } = await call(smsOf(), { to, content }, { orderIdPrefix: 'job.7f' });
    expect((accepted as { orderId: string }[]).map(({ orderId }) => orderId)).toEqual(
      to.map((_one, index) => `job.7f.${index.toString(36)}`),
    );
  });

  it('leaves the order ids of the command unchanged', async () => {
    const to = ['91856321412', { number: '91856321413', orderId: 'mine' }, '91856321414'];
    await call(both.client.sms, { to, content }, { orderIdPrefix: 'a' });
    expect(both.sandbox.messages.map(({ orderId }) => orderId)).toEqual(['a.0', 'mine', 'a.2']);
  });

  it.each([
    ['a recipient that comes later', ['91856321412', { number: '91856321413', orderId: 'a.0' }]],
    ['a recipient that came before', [{ number: '91856321412', orderId: 'a.1' }, '91856321413']],
  ])('is rejected if %s has an id that would be generated', async (_which, to) => {
    const error = await failureOf(call(both.client.sms, { to, content }, { orderIdPrefix: 'a' }));
    expect(error).toBeInstanceOf(LaafficInputException);
    expect((error as LaafficInputException).issues).toHaveLength(1);
    expect(both.sandbox.requests).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['a comma', 'a,b'],
    ['a blank', 'a b'],
    ['a line', 'a\nb'],
    ['61 characters', 'a'.repeat(61)],
    ['no text', 5 as unknown as string],
    ['null', null as unknown as string],
  ])('is rejected if it is wrong: %s', async (_which, orderIdPrefix) => {
    const error = await failureOf(call(both.client.sms, { to: '91856321412', content }, { orderIdPrefix }));
    expect(error).toMatchObject({
      issues: [
        {
          field: 'orderIdPrefix',
          problem: 'must be text of 1 to 60 characters without commas, blanks or control characters',
        },
      ],
    });
    expect(both.sandbox.requests).toEqual([]);
  });

  it('may have 60 characters', async () => {
    const orderIdPrefix = 'a'.repeat(60);
    await call(both.client.sms, { to: '91856321412', content }, { orderIdPrefix });
    expect(both.sandbox.messages.map(({ orderId }) => orderId)).toEqual([`${orderIdPrefix}.0`]);
  });
});
