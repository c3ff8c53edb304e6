import { now, post, postJson, send, tell } from '../../test/gateway.client.js';
import { LaafficSandbox, type SandboxOptions } from '../index.js';

let sandbox: LaafficSandbox;

beforeEach(async () => {
  sandbox = await LaafficSandbox.start({ now });
});

afterEach(() => sandbox.close());

const content = `${'a'.repeat(60)}b`;
const rules = (...patterns: string[]): SandboxOptions => ({
  rules: patterns.map((pattern) => ({ content: { pattern }, status: -3 })),
});

/** More than a slow machine adds to the half second that expressions have; without a limit these take years. */
const bound = 10_000;

describe('expressions that never end', () => {
  it.each<[string, SandboxOptions]>([
    ['of a content', rules('^(a+)+$')],
    ['without repetition', rules(`^${'(a|a)'.repeat(60)}$`)],
    ['with optional parts', rules(`^${'a?'.repeat(60)}${'a'.repeat(55)}c`)],
    ['with a look behind', rules('(?<=^c(a+)+)b')],
    ['with references', rules('^(?:(a+)\\1?)+c')],
    ['that need all the stack', rules('^(?:a|(?:a|a)*)*$')],
    ['each within the time, but not all', rules(...Array<string>(1000).fill('^(?:a*)*a*a*a*a*a*c'))],
    ['of a number', { rules: [{ number: /^(((\d+)+)+)+x$/, status: -9 }] }],
    ['of a sender', { rules: [{ senderId: /^(a+)+$/, status: -6 }] }],
    ['of a failure', { failures: [{ content: /^(a+)+$/ }] }],
  ])('%s end with HTTP 500, and nothing is accepted or charged', async (_, options) => {
    sandbox.configure({ ...options, quirks: { messagesPerPhone: 1, maxSenderId: 100, maxDigits: 40 } });
    const given = { ...send, numbers: '918563214129185632141291856321412', content, senderId: content };
    const start = performance.now();
    const { http } = await post(sandbox.url, given);
    expect(performance.now() - start).toBeLessThan(bound);
    expect([http, sandbox.messages, sandbox.funds.balance]).toEqual([500, [], '1000000.000000']);
    expect(sandbox.requests.map(({ why }) => why)).toEqual([
      expect.stringMatching(/^the expressions of rules and failures took longer than 500 ms, the last of them \//),
    ]);
    // the throttle has forgotten the call too
    sandbox.configure({ rules: [], failures: [] });
    expect(await postJson(sandbox.url, given)).toMatchObject({ status: '0', success: '1' });
  });
});

it('an expression may be anything that JavaScript has, and is tried once for all entries of a batch', async () => {
  sandbox.configure({
    rules: [{ content: /^(?!hello)(?<first>.)\k<first>+$/u, status: -3 }],
    failures: [{ number: /(?<=^91)8+5/ }],
  });
  const array = Array.from({ length: 1000 }, (_, index) => ({
    numbers: `9185632${String(index).padStart(4, '0')}`,
    content: index === 7 ? 'aaa' : `hello ${index}`,
  }));
  const answer = await tell(sandbox.url, 'sendSms/batch', { appId: send.appId, array });
  expect(answer).toMatchObject({ status: '0', success: '999', fail: '1' });
});

it.each([
  ['a pattern that is too long', 'x'.repeat(1001)],
  ['a pattern that is none', '('],
])('refuses %s', (_, pattern) => {
  expect(() => {
    sandbox.configure(rules(pattern));
  }).toThrow('rules[0].content must be');
});

it('refuses more than a thousand rules or failures', () => {
  expect(() => {
    sandbox.configure(rules(...Array<string>(1001).fill('x')));
  }).toThrow('rules must be a list of at most 1000 rules');
});
