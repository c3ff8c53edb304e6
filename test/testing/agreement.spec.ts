import fc from 'fast-check';
import {
  LaafficException,
  type LaafficInputException,
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
  // The sandbox refuses contents with a trigger in them.
  content: fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' }).filter((text) => !text.includes('[')),
  senderId: fc.option(fc.stringMatching(/^[A-Za-z ]{0,32}$/), { nil: undefined }),
});
const invalid = fc.record({
  to: fc.oneof(recipient, fc.anything(), fc.array(fc.oneof(recipient, fc.string(), fc.anything()), { maxLength: 5 })),
  content: fc.oneof(fc.string(), fc.constant('x'.repeat(1025)), fc.constant('\ud800'), fc.anything()),
  senderId: fc.oneof(fc.string({ maxLength: 40 }), fc.anything()),
});
const options = fc.record({ method: fc.constantFrom('POST', 'GET') } as const, { requiredKeys: [] });

/** What a send came to, without the ids, which differ. */
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

async function agree(send: (service: SmsService) => Promise<SmsReceipt>): Promise<void> {
  const ours = await resultOf(send(sms));
  expect(ours).toEqual(await resultOf(send(both.gateway.sms)));
}

describe('the fake and the real service agree', () => {
  it('on valid commands', async () => {
    await fc.assert(
      fc.asyncProperty(valid, options, (command, how) => agree((service) => service.send(command, how))),
      { numRuns: 100 },
    );
  });

  it('on commands that nobody checked', async () => {
    await fc.assert(
      fc.asyncProperty(invalid, options, (command, how) => agree((service) => service.send(command as SendSms, how))),
      { numRuns: 200 },
    );
  });

  it.each([
    ['POST', 1001],
    ['GET', 101],
  ] as const)('on %s of %i recipients', async (method, count) => {
    const to = Array.from({ length: count }, (_, i) => `9185${String(i).padStart(7, '0')}`);
    await agree((service) => service.send({ to, content: 'x' }, { method }));
    sms.reset();
    await agree((service) => service.send({ to: to.slice(1), content: 'x' }, { method }));
    sms.assertSentCount(count - 1);
  });

  it.each([0, -1, NaN, 2 ** 31])('on a time-out of %d', async (timeout) => {
    await agree((service) => service.send({ to: '91856321412', content: 'x' }, { timeout }));
  });
});
