import { AssertionError } from 'node:assert';
import { FakeSmsService } from 'nestjs-laaffic/testing';

let sms: FakeSmsService;
beforeEach(() => {
  sms = new FakeSmsService();
});

const toTwo = {
  to: ['+91 85632 1412', '0091-856321413'],
  content: 'Your code is 482913, do not tell it',
  senderId: 'Shop',
};

/** The message of the assertion error that a check throws; a check that passes is a failure of the test. */
function failureOf(check: () => unknown): string {
  try {
    check();
  } catch (error) {
    if (error instanceof AssertionError) return error.message;
    throw error;
  }
  throw new Error('the assertion was expected to fail, but passed');
}

describe('FakeSmsService.sent', () => {
  it('has an entry for each recipient, with the ids of the receipt', async () => {
    const receipt = await sms.send({ ...toTwo, to: ['+91 85632 1412', { number: '91856321413', orderId: 'mine' }] });
    expect(receipt).toEqual({
      accepted: [
        { number: '91856321412', orderId: 'fake-order-1.0', msgId: '2601010000000000001' },
        { number: '91856321413', orderId: 'mine', msgId: '2601010000000000002' },
      ],
      rejected: [],
      unknown: [],
    });
    const { content, senderId } = toTwo;
    expect(sms.sent).toEqual(receipt.accepted.map((recipient) => ({ ...recipient, content, senderId })));
    expect(sms.lastMessage()).toEqual(sms.sent[1]);
  });

  it.each(['POST', 'GET'] as const)('has the same content by %s', async (method) => {
    const content = '100 % + & ? = # ünï 😀\n"quoted", with commas';
    await sms.send({ to: '91856321412', content, senderId: 'A&B' }, { method });
    expect(sms.lastMessage()).toMatchObject({ content, senderId: 'A&B' });
  });

  it('has each content of sendBatch', async () => {
    await sms.sendBatch([
      { to: '91856321412', content: 'for one' },
      { to: ['91856321413', '91856321414'], content: 'for two' },
    ]);
    expect(sms.sent.map(({ number, content, senderId }) => [number, content, senderId])).toEqual([
      ['91856321412', 'for one', undefined],
      ['91856321413', 'for two', undefined],
      ['91856321414', 'for two', undefined],
    ]);
  });

  it('has the messages of withAccount', async () => {
    await sms
      .withAccount({ appId: 'a', apiKey: 'b', apiSecret: 'c', senderId: 'Tenant' })
      .send({ to: '91856321412', content: 'x' });
    expect(sms.lastMessage().senderId).toBe('Tenant');
  });

  it('is a new list each time', async () => {
    const before = sms.sent;
    await sms.send(toTwo);
    expect(before).toHaveLength(0);
    expect(sms.sent).toHaveLength(2);
  });

  it('is empty after reset, and ids start again', async () => {
    const first = await sms.send(toTwo);
    sms.failNext({ status: -10 });
    sms.failNextQuery({ status: -1 });
    sms.setDeliveryReport('2601010000000000001', 'delivered');
    sms.setBalance('0');
    sms.reset();
    sms.assertNothingSent();
    expect(await sms.send(toTwo)).toEqual(first);
    expect(await sms.getBalance()).toEqual({ balance: '99.990000', gift: '50.00000', credit: '0' });
    expect(await sms.getDeliveryReports(['2601010000000000001'])).toMatchObject([{ state: 'sending' }]);
  });
});

describe('the assertions pass', () => {
  it('when nothing was sent', () => {
    sms.assertNothingSent();
    sms.assertSentCount(0);
    sms.assertNotSentTo('91856321412');
  });

  it('for numbers in any form, and with a predicate that accepts a message', async () => {
    await sms.send(toTwo);
    sms.assertSent();
    sms.assertSent(({ content }) => /\d{6}/.test(content));
    sms.assertSentCount(2);
    for (const number of ['91856321412', '+91 856-321-412', '0091856321412']) sms.assertSentTo(number);
    sms.assertSentTo('91856321413', ({ senderId }) => senderId === 'Shop');
    sms.assertNotSentTo('91856321414');
  });
});

describe('the assertions fail with masked numbers and shortened contents:', () => {
  const never = () => false;
  const list = [
    '2 messages were sent:',
    '  1. to 9185…412 from "Shop": "Your code is 482913, do …"',
    '  2. to 9185…413 from "Shop": "Your code is 482913, do …"',
  ].join('\n');

  it.each<[string, (fake: FakeSmsService) => unknown, string]>([
    [
      'assertSent',
      (fake) => {
        fake.assertSent();
      },
      'Expected a message; nothing was sent',
    ],
    [
      'assertSentTo',
      (fake) => {
        fake.assertSentTo('91856321412');
      },
      'Expected a message to 9185…412; nothing was sent',
    ],
    [
      'assertSentCount',
      (fake) => {
        fake.assertSentCount(1);
      },
      'Expected 1 message; nothing was sent',
    ],
    ['lastMessage', (fake) => fake.lastMessage(), 'Expected a message; nothing was sent'],
  ])('%s, when nothing was sent', (_, check, message) => {
    expect(failureOf(() => check(sms))).toBe(message);
  });

  it.each<[string, (fake: FakeSmsService) => unknown, string]>([
    [
      'assertSent',
      (fake) => {
        fake.assertSent(never);
      },
      'Expected a message that the predicate accepts; ',
    ],
    [
      'assertSentTo',
      (fake) => {
        fake.assertSentTo('+91 85632 1414');
      },
      'Expected a message to 9185…414; ',
    ],
    [
      'assertSentTo with a predicate',
      (fake) => {
        fake.assertSentTo('91856321412', never);
      },
      'Expected a message to 9185…412 that the predicate accepts; ',
    ],
    [
      'assertNotSentTo',
      (fake) => {
        fake.assertNotSentTo('91856321412');
      },
      'Expected no message to 9185…412; ',
    ],
    [
      'assertSentCount',
      (fake) => {
        fake.assertSentCount(3);
      },
      'Expected 3 messages; ',
    ],
    [
      'assertNothingSent',
      (fake) => {
        fake.assertNothingSent();
      },
      'Expected no message; ',
    ],
  ])('%s', async (_, check, expectation) => {
    await sms.send(toTwo);
    expect(failureOf(() => check(sms))).toBe(expectation + list);
  });

  it('with the first ten of many, and numbers in contents masked', async () => {
    await sms.send({ to: Array.from({ length: 12 }, (_, i) => `9185632140${i}`), content: 'call 91856321412' });
    const lines = failureOf(() => {
      sms.assertNothingSent();
    }).split('\n');
    expect(lines[0]).toBe('Expected no message; 12 messages were sent:');
    expect(lines[1]).toBe('  1. to 9185…400: "call 9185…412"');
    expect(lines.slice(10)).toEqual(['  10. to 9185…409: "call 9185…412"', '  … and 2 more']);
  });

  it('for a text that is not a number', () => {
    const message = 'Expected a phone number with country code to look for, 7 to 15 digits';
    expect(
      failureOf(() => {
        sms.assertSentTo('Maria');
      }),
    ).toBe(message);
    expect(
      failureOf(() => {
        sms.assertNotSentTo('12');
      }),
    ).toBe(message);
  });
});
