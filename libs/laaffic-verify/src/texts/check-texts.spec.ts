import { checkTexts, type ExpectedMessages } from './check-texts.js';
import type { VerificationTextOptions } from './verification-texts.js';

const HASH = 'FA+9qCX9VSu';
const none = { problems: [], warnings: [] };
const check = (options: Partial<VerificationTextOptions>, expected?: ExpectedMessages) =>
  checkTexts({ app: 'ACME', ...options }, expected);
const only = (en: unknown, options: Partial<VerificationTextOptions> = {}) =>
  ({ builtInTexts: false, messages: { en }, ...options }) as Partial<VerificationTextOptions>;

describe('checkTexts', () => {
  it.each<[string, Partial<VerificationTextOptions>]>([
    ['alone', {}],
    ['with a domain', { domain: 'acme.com' }],
    ['with an Android hash', { domain: 'acme.com', androidHash: HASH }],
  ])('finds nothing wrong with the built-in texts %s', (_, options) => {
    expect(check(options, { digits: 6 })).toEqual(none);
  });

  it('warns about the built-in texts that a binding makes longer than one part', () => {
    const bindings = [['amount', 'payee']];
    const { problems, warnings } = check({ domain: 'acme.com', androidHash: HASH }, { bindings });
    expect(problems).toEqual([]);
    expect(warnings.map((warning) => warning.split(',')[0])).toEqual(
      ['hi', 'ar', 'zh', 'zh-Hant'].flatMap((locale) => [
        `messages.${locale} takes 2 parts of an SMS`,
        `messages.${locale} can have more than 140 bytes with the Android hash: such a message has no hash`,
      ]),
    );
  });

  it.each<[string, unknown, Partial<VerificationTextOptions>, string[]]>([
    ['an unknown placeholder', 'Code {code} {cod}', {}, ['messages.en has the unknown placeholder {cod}']],
    [
      'double braces',
      'Code {{code}}',
      {},
      ['messages.en has a brace outside of a placeholder: a placeholder has one brace on each side, as in {code}'],
    ],
    ['no code', 'Hello', {}, ['messages.en must show the code exactly once']],
    ['no code but an origin line', 'Hello', { domain: 'acme.com' }, ['messages.en must show the code exactly once']],
    ['the code twice', '{code} {code}', {}, ['messages.en must show the code exactly once']],
    ['the code next to digits', '1{code}', {}, ['messages.en must show the code exactly once']],
    ['the code next to other digits', '٣{code}', {}, ['messages.en must show the code exactly once']],
    ['code and minutes together', '{code}{minutes}', {}, ['messages.en must show the code exactly once']],
    ['its own origin line', '{code}\n@acme.com #{code}', {}, []],
    [
      'two origin lines',
      '{code}\n@acme.com #{code}',
      { domain: 'acme.com' },
      ['messages.en must show the code exactly once'],
    ],
    ['nothing', '', {}, ['messages.en is not text, or is empty']],
    ['no text', 5, {}, ['messages.en must be a template or a function']],
    ['a function that returns no text', () => undefined, {}, ['messages.en is not text, or is empty']],
    [
      'a function that throws',
      () => {
        throw new Error('secret');
      },
      {},
      ['messages.en threw an error'],
    ],
    [
      'a function that fails for one minute only',
      ({ code, minutes }: { code: string; minutes: number }) => (minutes === 1 ? 'Hurry' : code),
      {},
      ['messages.en must show the code exactly once'],
    ],
    [
      'a wording without the code',
      ({ code }: { code: string }) => [code, 'short'],
      {},
      ['messages.en must show the code exactly once'],
    ],
    ['1,025 characters', `{code}${'a'.repeat(1_015)}`, {}, ['messages.en must have at most 1024 characters']],
    [
      '1,025 characters with the last line',
      `{code}${'a'.repeat(1_000)}`,
      { domain: 'acme.com' },
      ['messages.en must have at most 1024 characters with its last line'],
    ],
    [
      '141 bytes with an Android hash',
      `{code}${'a'.repeat(119)}`,
      { androidHash: HASH },
      ['messages.en must have at most 140 bytes with the Android hash'],
    ],
    ['140 bytes with an Android hash', `{code}${'a'.repeat(118)}`, { androidHash: HASH }, []],
  ])('finds the problem of a text with %s', (_, en, options, problems) => {
    expect(check(only(en, options)).problems).toEqual(problems);
  });

  it('names every problem of every locale', () => {
    const messages = { en: '{otp}', de: '{code} {code}', 'DE-ch': '{code}', de_CH: '{code}', english: '{code}' };
    expect(check({ app: ' \n', messages, domain: 'https://acme.com', defaultLocale: 'it' }).problems).toEqual([
      'domain must be a host name in lower case, such as example.com, without https:// and without a port',
      'app must be a name',
      'messages.en has the unknown placeholder {otp}',
      'messages.de_CH is the locale de-CH, which has two texts',
      'messages.english is not a locale such as de or pt-BR',
      'defaultLocale must be a locale that has a text',
    ]);
  });

  it.each<[string, string[]]>([
    ['{code} for {binding}', []],
    ['{code}: {binding.amount} to {binding.payee}', []],
    ['{code}: {binding.amount}', ['messages.en must show the binding (amount, payee)']],
    ['{code}', ['messages.en must show the binding (amount, payee)']],
    ['{code} {binding} {binding.iban}', ['messages.en has the unknown placeholder {binding.iban}']],
  ])('asks %j for the binding of the purposes that have one', (en, problems) => {
    expect(check(only(en), { bindings: [['amount', 'payee']] }).problems).toEqual(problems);
  });

  it('asks every purpose for its own fields', () => {
    const bindings = [['amount', 'payee'], ['email']];
    expect(check(only('{code} {binding.amount} {binding.payee}'), { bindings }).problems).toEqual([
      'messages.en must show the binding (email)',
    ]);
  });

  it.each<[string, string, ExpectedMessages, string[]]>([
    ['long GSM-7', `{code}${'a'.repeat(151)}`, {}, ['messages.en takes 2 parts of an SMS']],
    ['GSM-7 that fits with a shorter code', `{code}${'a'.repeat(151)}`, { digits: 6 }, []],
    ['long GSM-7 that fits without a reference', `{code}{reference}${'a'.repeat(150)}`, { hasReference: false }, []],
    ['long GSM-7 with a reference', `{code}{reference}${'a'.repeat(150)}`, {}, ['messages.en takes 2 parts of an SMS']],
    [
      'slips',
      `{code}${'a'.repeat(80)}’ı…`,
      {},
      ['messages.en takes 2 parts of an SMS, because of “’”, “ı”, “…”, which GSM-7 does not have'],
    ],
    ['slips in a text that fits', '{code} is yours…', {}, []],
    [
      'another script',
      `{code} ${'абвгдежзийкл '.repeat(6)}`,
      {},
      [
        'messages.en takes 2 parts of an SMS, because of “а”, “б”, “в”, “г”, “д”, “е”, “ж”, “з”, “и”, “й” and 2 other characters, which GSM-7 does not have',
      ],
    ],
  ])('warns about %s', (_, en, expected, warnings) => {
    expect(check(only(en), expected)).toEqual({ problems: [], warnings });
  });

  it('warns about a built-in text that has no room for the hash', () => {
    const { problems, warnings } = check({ app: 'あ'.repeat(12), androidHash: HASH }, { digits: 6 });
    expect(problems).toEqual([]);
    expect(warnings.filter((warning) => warning.startsWith('messages.tr'))).toEqual([
      'messages.tr can have more than 140 bytes with the Android hash: such a message has no hash',
    ]);
  });

  it('warns about an Android text that has no room for the hash with a binding', () => {
    const en = `{code}{binding}${'a'.repeat(100)}`;
    expect(check(only(en, { androidHash: HASH }), { bindings: [['amount', 'payee']] })).toEqual({
      problems: [],
      warnings: ['messages.en can have more than 140 bytes with the Android hash: such a message has no hash'],
    });
  });
});
