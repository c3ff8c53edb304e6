import { randomBytes } from 'node:crypto';
import { VerificationOptionsError } from '../errors/verification.error.js';
import type { LaafficVerifyOptions } from './verify.options.js';
import { VerifySettings } from './verify.settings.js';

const DAY_MS = 24 * 60 * 60_000;
const OPTIONS: LaafficVerifyOptions = {
  keys: [randomBytes(32)],
  countries: ['GB'],
  expectedPerDay: 1_000,
  app: 'Example',
};
const hook = () => Promise.resolve(true);
const testNumber = {
  ...{ number: '+447400123456', code: '123456', purposes: ['sign-in'] },
  until: new Date(Date.now() + DAY_MS),
};

function problemsOf(options: object): readonly string[] {
  try {
    new VerifySettings({ ...OPTIONS, ...options });
  } catch (error) {
    if (error instanceof VerificationOptionsError) return error.problems;
    throw error;
  }
  return [];
}

it('has all defaults of the guard', () => {
  const { guard, hooks, send, testNumbers } = new VerifySettings(OPTIONS);
  expect({ guard, hooks, maxPerTenant: send.maxPerTenant, testNumbers }).toEqual({
    guard: {
      ...{ shadow: [], knownMs: 180 * DAY_MS, onSuspicion: 'reject', simChangeMs: 3 * DAY_MS },
      caps: { messagesPerDay: 3_000, messagesPerHour: 750, spendPerDay: Infinity, spendPerCountryPerDay: Infinity },
      ...{ prices: {}, unknownPrice: 0 },
    },
    ...{ hooks: { challenge: undefined, lookup: undefined }, maxPerTenant: undefined, testNumbers: [] },
  });
});

it.each<[string, object, object]>([
  ['a challenge is asked for', { challenge: { verify: hook } }, { onSuspicion: 'challenge' }],
  [
    'unless the app says',
    { challenge: { verify: hook }, guard: { onSuspicion: 'pretend' } },
    { onSuspicion: 'pretend' },
  ],
  ['a country without a price has the highest', { guard: { prices: { GB: 2, DE: 5 } } }, { unknownPrice: 5 }],
  ['unless the app says', { guard: { prices: { GB: 2 }, unknownPrice: 1 } }, { unknownPrice: 1 }],
  ['small apps have caps too', { expectedPerDay: 1 }, { caps: { messagesPerDay: 100, messagesPerHour: 25 } }],
  ['all rules', { guard: { shadow: 'all' } }, { shadow: ['range', 'budget', 'cap'] }],
])('%s', (_case, options, guard) => {
  expect(new VerifySettings({ ...OPTIONS, ...options }).guard).toMatchObject(guard);
});

it('takes null as not given', () => {
  const guard = { onSuspicion: null, shadow: null, prices: null, caps: null, simChangeMs: null };
  expect(problemsOf({ guard, challenge: null, lookup: null, testNumbers: null, send: null })).toEqual([]);
});

it('takes test numbers', () => {
  expect(problemsOf({ testNumbers: [testNumber] })).toEqual([]);
});

const ON_SUSPICION = "guard.onSuspicion must be 'reject', 'challenge' or 'pretend'";
const SHADOW = "guard.shadow must be 'all', or a list of range, budget, cap";
const PRICES = 'guard.prices must be an object of country codes, such as `GB`, and positive prices';
const TEST_NUMBERS =
  'testNumbers must be a list of `{ number, code, until, purposes }`: a number in E.164, a code of 6 digits, a time at most 90 days ahead';
const positive = (field: string): unknown[] => [
  expect.stringMatching(new RegExp(`^${field.replaceAll('.', '\\.')} must be `)),
];

it.each<[object, unknown]>([
  ...['x', {}, 7].map((value): [object, unknown] => [{ guard: { onSuspicion: value } }, [ON_SUSPICION]]),
  [{ guard: { onSuspicion: 'challenge' } }, ['guard.onSuspicion needs the option `challenge`']],
  ...['range', ['number'], [7], {}].map((value): [object, unknown] => [{ guard: { shadow: value } }, [SHADOW]]),
  ...[{ XX: 1 }, { GB: 0 }, { GB: -1 }, { GB: '1' }, { GB: Infinity }, { GB: NaN }, 'GB', 7].map(
    (value): [object, unknown] => [{ guard: { prices: value } }, [PRICES]],
  ),
  ...['messagesPerHour', 'messagesPerDay'].flatMap((cap) =>
    [0, -1, NaN, '5', {}].map((value): [object, unknown] => [
      { guard: { caps: { [cap]: value } } },
      positive(`guard.caps.${cap}`),
    ]),
  ),
  [{ guard: { caps: { messagesPerMinute: 5 } } }, [expect.stringContaining('messagesPerMinute')]],
  ...['spendPerDay', 'spendPerCountryPerDay'].map((cap): [object, unknown] => [
    { guard: { caps: { [cap]: 5 } } },
    ['guard.unknownPrice must be set, or `prices`, for caps on spending'],
  ]),
  [{ guard: { unknownPrice: 0 } }, positive('guard.unknownPrice')],
  ...[-1, 1.5, '5', 366 * DAY_MS].map((value): [object, unknown] => [
    { guard: { simChangeMs: value } },
    positive('guard.simChangeMs'),
  ]),
  ...[{}, hook, 'x', { verify: 7 }].map((value): [object, unknown] => [
    { challenge: value },
    expect.arrayContaining(['challenge must be an object with a method `verify`']),
  ]),
  ...[{}, hook, 'x', { lookup: 7 }].map((value): [object, unknown] => [
    { lookup: value },
    ['lookup must be an object with a method `lookup`'],
  ]),
  ...[0, -1, 1.5, '5'].map((value): [object, unknown] => [
    { send: { maxPerTenant: value } },
    positive('send.maxPerTenant'),
  ]),
  ...[
    {},
    [7],
    [null],
    [{}],
    [{ ...testNumber, number: '07400 123456' }],
    [{ ...testNumber, number: '+44 7400 123456' }],
    [{ ...testNumber, code: '12345' }],
    [{ ...testNumber, code: 123_456 }],
    [{ ...testNumber, code: '12345٦' }],
    [{ ...testNumber, until: '2030-01-01' }],
    [{ ...testNumber, until: new Date(NaN) }],
    [{ ...testNumber, until: new Date(Date.now() + 91 * DAY_MS) }],
    [{ ...testNumber, purposes: 'sign-in' }],
    [{ ...testNumber, purposes: [7] }],
    [{ ...testNumber, purposes: undefined }],
    [{ ...testNumber, note: 'x' }],
    [testNumber, { ...testNumber, code: '' }],
  ].map((value): [object, unknown] => [{ testNumbers: value }, [TEST_NUMBERS]]),
])('names what is wrong in %j', (options, problems) => {
  expect(problemsOf(options)).toEqual(problems);
});
