import fc from 'fast-check';
import {
  LaafficException,
  type LaafficInputException,
  type SendOptions,
  type SendSms,
  type SmsReceipt,
  type SmsService,
} from 'nestjs-laaffic';
import { FakeSmsService } from 'nestjs-laaffic/testing';
import { sandboxAndClient } from '../module/account.js';

const both = sandboxAndClient();
const sms = new FakeSmsService();

const digits = fc.stringMatching(/^[1-8]\d{6,13}$/);
const number = fc.oneof(
  { weight: 4, arbitrary: digits },
  digits.map((text) => `+${text.slice(0, 2)} (${text.slice(2, 5)}) ${text.slice(5)}`),
  digits.map((text) => `00${text}`),
);
const recipient = fc.oneof(
  { weight: 3, arbitrary: number },
  fc.record({ number, orderId: fc.option(fc.stringMatching(/^[\w-]{1,20}$/), { nil: undefined }) }),
);
const valid = fc.record({
  to: fc.oneof(recipient, fc.array(recipient, { minLength: 1, maxLength: 8 })),
  // The sandbox rejects contents with a trigger in them.
  content: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((text) => !text.includes('[')),
  senderId: fc.option(fc.stringMatching(/^[A-Za-z ]{0,32}$/), { nil: undefined }),
});
const invalid = fc.record({
  to: fc.oneof(recipient, fc.anything(), fc.array(fc.oneof(recipient, fc.string(), fc.anything()), { maxLength: 5 })),
  content: fc.oneof(fc.string(), fc.constant('x'.repeat(1025)), fc.constant('\ud800'), fc.anything()),
  senderId: fc.oneof(fc.string({ maxLength: 40 }), fc.anything()),
});
const options = fc.record({ method: fc.constantFrom('POST', 'GET') } as const, { requiredKeys: [] });

/** The outcome of a send, without the ids, which differ. */
async function resultOf(call: Promise<SmsReceipt>): Promise<unknown> {
  try {
    const { accepted, rejected, unknown } = await call;
    return { accepted: accepted.map((entry) => entry.number), rejected, unknown };
  } catch (error) {
    if (!(error instanceof LaafficException)) throw error;
    const { name, code, outcome, status, failure, issues } = error as LaafficInputException;
    return { name, code, outcome, status, failure, issues };
  }
}

afterEach(() => {
  sms.reset();
});

async function agree(send: (service: SmsService) => Promise<SmsReceipt>): Promise<void> {
  const ours = await resultOf(send(sms));
  expect(ours).toEqual(await resultOf(send(both.client.sms)));
}

describe('FakeSmsService', () => {
  it('gives valid commands the outcome of the real service', async () => {
    await fc.assert(
      fc.asyncProperty(valid, options, (command, how) => agree((service) => service.send(command, how))),
      { numRuns: 100 },
    );
  });

  it('gives arbitrary commands the outcome of the real service', async () => {
    await fc.assert(
      fc.asyncProperty(invalid, options, (command, how) => agree((service) => service.send(command as SendSms, how))),
      { numRuns: 200 },
    );
  });

  // Both run the same checks, so these say what the checks must find.
  it.each<[string, unknown, SendOptions, { field: string; problem: string }[]]>([
    [
      'a sender with blanks in front and too many characters',
      { to: '91856321412', content: 'x', senderId: `  ${'s'.repeat(33)}` },
      {},
      [{ field: 'senderId', problem: 'must have at most 32 characters' }],
    ],
    [
      '1001 recipients by POST',
      { to: Array.from({ length: 1001 }, () => '91856321412'), content: 'x' },
      { method: 'POST' },
      [{ field: 'to', problem: 'must have 1 to 1000 recipients in one request, not 1001' }],
    ],
    [
      '101 recipients by GET',
      { to: Array.from({ length: 101 }, () => '91856321412'), content: 'x' },
      { method: 'GET' },
      [{ field: 'to', problem: 'must have 1 to 100 recipients in one request, not 101' }],
    ],
    [
      'a number without a country code, and no content',
      { to: ['91856321412', '020 7946 0958'], content: '' },
      {},
      [
        {
          field: 'to[1]',
          problem: 'must be a phone number with country code: it starts with 0, so its country code is missing',
        },
        { field: 'content', problem: 'must not be empty' },
      ],
    ],
    ...[0, -1, NaN, 2 ** 31].map((timeoutMs): [string, unknown, SendOptions, { field: string; problem: string }[]] => [
      `a time limit of ${timeoutMs}`,
      { to: '91856321412', content: 'x' },
      { timeoutMs },
      [{ field: 'timeoutMs', problem: 'must be milliseconds, from 1 and below 2147483648' }],
    ]),
  ])('rejects %s, like the real service', async (_, command, how, issues) => {
    for (const service of [sms, both.client.sms]) {
      await expect(service.send(command as SendSms, how)).rejects.toMatchObject({
        code: 'LAAFFIC_INVALID_COMMAND',
        outcome: 'rejected',
        issues,
      });
    }
    sms.assertNothingSent();
    expect(both.sandbox.requests).toEqual([]);
  });

  it.each([
    ['POST', 1000],
    ['GET', 100],
  ] as const)('accepts as many recipients by %s as the real service: %i', async (method, count) => {
    const to = Array.from({ length: count }, (_, i) => `9185${String(i).padStart(7, '0')}`);
    await agree((service) => service.send({ to, content: 'x' }, { method }));
    sms.assertSentCount(count);
    expect(both.sandbox.messages).toHaveLength(count);
  });

  it('sends a trimmed sender, like the real service', async () => {
    await agree((service) => service.send({ to: '91856321412', content: 'x', senderId: ' ACME ' }));
    expect(sms.lastMessage().senderId).toBe('ACME');
    expect(both.sandbox.messages[0]?.senderId).toBe('ACME');
  });
});
