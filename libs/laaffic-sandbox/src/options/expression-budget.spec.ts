import { now, post, postJson, send, postTo } from '../../test/gateway-client.js';
import { LaafficSandbox, type SandboxOptions } from '../index.js';

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

const content = `${'a'.repeat(60)}b`;
const rules = (...patterns: string[]): SandboxOptions => ({
  rejectionRules: patterns.map((pattern) => ({ content: { pattern }, status: -3 })),
});

/** Far more than a slow machine adds to the limit of half a second. Without a limit these expressions take years. */
const bound = 10_000;

describe('an expression that never ends', () => {
  it.each<[string, SandboxOptions]>([
    ['of a content', rules('^(a+)+$')],
    ['without repetition', rules(`^${'(a|a)'.repeat(60)}$`)],
    ['with optional parts', rules(`^${'a?'.repeat(60)}${'a'.repeat(55)}c`)],
    ['with a look behind', rules('(?<=^c(a+)+)b')],
    ['with references', rules('^(?:(a+)\\1?)+c')],
    ['that need all the stack', rules('^(?:a|(?:a|a)*)*$')],
    ['each within the time, but not all', rules(...Array<string>(1000).fill('^(?:a*)*a*a*a*a*a*c'))],
    ['of a number', { rejectionRules: [{ number: /^(((\d+)+)+)+x$/, status: -9 }] }],
    ['of a sender', { rejectionRules: [{ senderId: /^(a+)+$/, status: -6 }] }],
    ['of a failure', { failureRules: [{ content: /^(a+)+$/ }] }],
  ])('gets HTTP 500, and nothing is accepted or charged: %s', async (_, options) => {
    sandbox.configure({ ...options, quirks: { maxMessagesPerPhone: 1, maxSenderIdLength: 100, maxNumberDigits: 40 } });
    const given = { ...send, numbers: '918563214129185632141291856321412', content, senderId: content };
    const start = performance.now();
    const { httpStatus } = await post(sandbox.url, given);
    expect(performance.now() - start).toBeLessThan(bound);
    expect(httpStatus).toBe(500);
    expect(sandbox.messages).toEqual([]);
    expect(sandbox.funds.balance).toBe('1000000.000000');
    expect(sandbox.requests.map(({ explanation }) => explanation)).toEqual([
      expect.stringMatching(/^the expressions of the rules took longer than 500 ms, the last one was \//),
    ]);
    // The throttle has released the message too.
    sandbox.configure({ rejectionRules: [], failureRules: [] });
    expect(await postJson(sandbox.url, given)).toMatchObject({ status: '0', success: '1' });
  });
});

it('an expression may use all of JavaScript and is matched once for all entries of a batch', async () => {
  sandbox.configure({
    rejectionRules: [{ content: /^(?!hello)(?<first>.)\k<first>+$/u, status: -3 }],
    failureRules: [{ number: /(?<=^91)8+5/ }],
  });
  const array = Array.from({ length: 1000 }, (_, index) => ({
    numbers: `9185632${String(index).padStart(4, '0')}`,
    content: index === 7 ? 'aaa' : `hello ${index}`,
  }));
  const response = await postTo(sandbox.url, 'sendSms/batch', { appId: send.appId, array });
  expect(response).toMatchObject({ status: '0', success: '999', fail: '1' });
});

it.each([
  ['a pattern that is too long', 'x'.repeat(1001)],
  ['a pattern that is not valid', '('],
])('the options reject %s', (_, pattern) => {
  expect(() => {
    sandbox.configure(rules(pattern));
  }).toThrow('rejectionRules[0].content must be');
});

it('the options reject more than a thousand rules', () => {
  expect(() => {
    sandbox.configure(rules(...Array<string>(1001).fill('x')));
  }).toThrow('rejectionRules must be a list of at most 1000 rules');
});
