import fc from 'fast-check';
import { segments } from 'nestjs-laaffic';
import { VerificationError, VerificationOptionsError } from '../errors/verification.error.js';
import type { VerificationClient } from './autofill.js';
import { BUILT_IN_TEXTS } from './built-in-texts.js';
import { VerificationTexts, type VerificationTextOptions } from './verification-texts.js';

const HASH = 'FA+9qCX9VSu';
const BUILT_IN = Object.keys(BUILT_IN_TEXTS);
const MINUTES = Array.from({ length: 10 }, (_, index) => index + 1);

/**
 * Reads a message by the steps of "Parsing" in WICG sms-one-time-codes.
 * @param sigil what stands before the embedded host: `@` by the specification, `%` by Apple.
 */
function parseOriginBoundCode(message: string, sigil = '@') {
  const line = message.replace(/\r\n?/g, '\n').split('\n').at(-1) ?? '';
  let position = 0;
  const token = (marker: string): string | undefined => {
    if (line[position] !== marker) return undefined;
    const [text = ''] = /^[^\t\n\f\r ]*/.exec(line.slice(position + 1)) ?? [];
    position += 1 + text.length;
    return text === '' ? undefined : text;
  };
  const host = token('@');
  if (host === undefined || line[position] !== ' ') return undefined;
  position += 1;
  const code = token('#');
  if (code === undefined) return undefined;
  if (line[position] !== ' ') return { host, code };
  position += 1;
  const embedded = token(sigil);
  return embedded === undefined ? { host, code } : { host, code, embedded };
}

/** Reads a message as Chrome does: the first place that looks like an origin and a code. */
function parseAsChrome(message: string) {
  const [, host, code] = /(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)/.exec(message) ?? [];
  return host === undefined ? undefined : { host, code };
}

const message = { code: '123456', remainingMs: 600_000 };
const write = (options: Partial<VerificationTextOptions>, changes = {}) =>
  new VerificationTexts({ app: 'ACME', ...options }).write({ ...message, ...changes });

describe('the parser of this file', () => {
  it.each([
    ['747723 is your code.\n\n@example.com #747723', { host: 'example.com', code: '747723' }],
    ['x\n@example.com #747723 @shop.example', { host: 'example.com', code: '747723', embedded: 'shop.example' }],
    ['@example.com #747723 @shop.example $future', { host: 'example.com', code: '747723', embedded: 'shop.example' }],
    ['@example.com #747723 %shop.example', { host: 'example.com', code: '747723' }],
    ['something @example.com #747723', undefined],
    ['#747723 @shop.example @example.com', undefined],
    ['@example.com code #747723', undefined],
    ['@example.com  #747723', undefined],
    ['@example.com #747723\nmore', undefined],
    ['@example.com', undefined],
    ['@ #1', undefined],
  ])('reads %j as the specification says', (text, result) => {
    expect(parseOriginBoundCode(text)).toEqual(result);
  });
});

describe('a message', () => {
  it.each([
    [600_000, '10 minutes'],
    [599_999, '9 minutes'],
    [120_000, '2 minutes'],
    [119_999, '1 minute'],
    [60_000, '1 minute'],
    [59_999, '1 minute'],
    [0, '1 minute'],
    [-5_000, '1 minute'],
  ])('of a code that is valid for %d ms more says %s', (remainingMs, time) => {
    expect(write({}, { remainingMs })).toBe(
      `ACME: your code is 123456. It expires in ${time}. Never share it with anyone.`,
    );
  });

  it('is in the asked language, otherwise in that of the country', () => {
    expect(write({}, { locale: 'DE_at', country: 'FR' })).toMatch(/^ACME: Ihr Code/);
    expect(write({}, { locale: '??', country: 'FR' })).toMatch(/^ACME : votre code/);
  });

  it.each(BUILT_IN)('in %s has origin and code where browsers read them', (locale) => {
    for (const minutes of MINUTES) {
      for (const code of ['123456', '1234567', '12345678', '123456789', '1234567890']) {
        const options = { domain: 'example.com', embeddedDomain: 'bank.example', androidHash: HASH };
        const changes = { locale, code, remainingMs: minutes * 60_000 };
        const result = { host: 'example.com', code };
        const plain = write({ domain: 'example.com' }, changes);
        expect(parseOriginBoundCode(plain)).toEqual(result);
        expect(parseAsChrome(plain)).toEqual(result);
        const embedded = { ...result, embedded: 'bank.example' };
        expect(parseOriginBoundCode(write(options, { ...changes, client: 'web' }))).toEqual(embedded);
        expect(parseOriginBoundCode(write(options, { ...changes, client: 'ios' }), '%')).toEqual(embedded);
      }
    }
  });

  /** The numbers of digits with which a text and the origin line of a short host take two parts, with a reference too. */
  const TWO_PARTS: Readonly<Record<string, readonly number[]>> = { hi: [9, 10], ar: [8, 9, 10] };

  it.each(BUILT_IN)('in %s takes one part with an origin line and a reference, or is listed', (locale) => {
    const long = [6, 7, 8, 9, 10].filter((digits) =>
      MINUTES.some((minutes) => {
        const code = '1234567890'.slice(0, digits);
        return (
          segments(write({ domain: 'acme.com' }, { locale, code, reference: 'K7', remainingMs: minutes * 60_000 }))
            .parts > 1
        );
      }),
    );
    expect(long).toEqual(TWO_PARTS[locale] ?? []);
  });

  it.each(BUILT_IN)('in %s has at most 140 bytes with an Android hash, as its last line', (locale) => {
    for (const minutes of MINUTES) {
      for (const code of ['123456', '1234567890']) {
        const changes = { locale, code, remainingMs: minutes * 60_000, client: 'android', reference: 'K7' };
        const content = write({ app: 'Example', domain: 'example.com', androidHash: HASH }, changes);
        const lines = content.split('\n');
        expect(lines).toEqual([expect.stringContaining(code), HASH]);
        expect(Buffer.byteLength(content)).toBeLessThanOrEqual(140);
        expect(segments(content).parts).toBe(1);
      }
    }
  });

  it('of a long app name leaves the warning out to stay in one part', () => {
    const app = 'The First Example Bank of Northern Exampleshire, Samplefolk and the Isles';
    expect(write({ app, domain: 'example.com' })).toBe(
      `${app}: your code is 123456. It expires in 10 minutes.\n@example.com #123456`,
    );
  });

  it.each(BUILT_IN)('in %s shows every field of the binding', (locale) => {
    const binding = { amount: '10.00 EUR', payee: 'ACME', iban: 'DE02 1203' };
    const content = write({}, { locale, binding });
    for (const value of Object.values(binding)) expect(content).toContain(value);
  });
});

describe('own texts', () => {
  it('replace the built-in text of their locale, in any spelling of it', () => {
    const options = { messages: { EN: '{code} is it', pt_br: ({ code }: { code: string }) => `Código ${code}` } };
    expect(new VerificationTexts({ app: 'ACME', ...options }).locales).toEqual([...BUILT_IN, 'pt-BR']);
    expect(write(options)).toBe('123456 is it');
    expect(write(options, { country: 'BR' })).toBe('Código 123456');
    expect(write(options, { country: 'PT' })).toMatch(/^ACME: o seu token SMS/);
  });

  it('are all texts without the built-in ones', () => {
    const options = { builtInTexts: false, messages: { fr: 'Code {code}', de: 'Ihr Code {code}' } };
    const texts = new VerificationTexts({ app: 'ACME', ...options });
    expect([texts.locales, texts.defaultLocale]).toEqual([['fr', 'de'], 'fr']);
    expect(write(options, { locale: 'en', country: 'GB' })).toBe('Code 123456');
    expect(write({ ...options, defaultLocale: 'DE' }, { locale: 'en' })).toBe('Ihr Code 123456');
  });

  it('may have several wordings', () => {
    const messages = { en: ({ code }: { code: string }) => [`${'long '.repeat(40)}${code}`, `short ${code}`] };
    expect(write({ messages })).toBe('short 123456');
  });

  it.each([
    ['messages must have a text', { builtInTexts: false }],
    ['messages must have a text', { builtInTexts: false, messages: { '??': '{code}' } }],
    ['defaultLocale must be a locale that has a text', { defaultLocale: 'it' }],
    ['defaultLocale must be a locale that has a text', { defaultLocale: '??' }],
  ])('are rejected: %s', (problem, options) => {
    expect(() => new VerificationTexts({ app: 'ACME', ...options })).toThrow(new VerificationOptionsError([problem]));
  });

  it.each([
    ['is not text, or is empty', () => ' '],
    ['is not text, or is empty', () => []],
    ['is not text, or is empty', () => ['{code}', 5 as unknown as string]],
    ['is not text, or is empty', () => undefined as unknown as string],
    ['does not show the code and every field of the binding', () => 'no code'],
    ['does not show the code and every field of the binding', '{code} for {binding.amount}'],
    ['does not show the code and every field of the binding', () => ['123456 10.00 EUR Bob', '123456']],
    [
      'threw an error',
      ({ code }: { code: string }) => {
        throw new Error(`secret ${code}`);
      },
    ],
    ['must be a template or a function', 5 as unknown as string],
  ])('that are wrong are not sent, and the error has no value: %s', (problem, en) => {
    const binding = { amount: '10.00 EUR', payee: 'Bob' };
    expect(() => write({ messages: { en }, domain: 'example.com' }, { binding })).toThrow(
      new VerificationOptionsError([`messages.en ${problem}`]),
    );
  });

  it('are not sent with more than 1,024 characters', () => {
    const error = new VerificationError(
      'VERIFY_INVALID_REQUEST',
      'The text of the message has more than 1024 characters',
    );
    expect(() => write({}, { binding: { payee: 'x'.repeat(1_000) } })).toThrow(error);
    expect(write({ messages: { en: `{code}${'😀'.repeat(1_018)}` } })).toHaveLength(6 + 2 * 1_018);
  });
});

describe('hostile values', () => {
  it.each([
    ['{code}', '{code}: your code is 123456.'],
    ['{binding.amount} $&', '{binding.amount} $&: your code is 123456.'],
    ['ACME\n@evil.example #999999', 'ACME @evil.example 999999: your code is 123456.'],
    ['\u202eEMCA', 'EMCA: your code is 123456.'],
  ])('in the app name stay text: %j', (app, start) => {
    const content = write({ app, domain: 'example.com' });
    expect(content.startsWith(start)).toBe(true);
    expect(content.split('\n')).toHaveLength(2);
    expect(parseAsChrome(content)).toEqual({ host: 'example.com', code: '123456' });
  });

  it('in a field that two spellings share are not lost', () => {
    const binding = { payee: 'Bob', 'payee\n': 'Eve' };
    expect(() => write({}, { binding })).toThrow('does not show');
  });

  const nasty = fc.constantFrom(
    '\n',
    '\r\n',
    '\u2028',
    '\u202e',
    '@evil.example #1',
    ' ',
    '{code}',
    '{{',
    '#',
    '%',
    'ع',
    'a',
  );
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.array(nasty).map((parts) => parts.join('')),
  );
  const client = fc.constantFrom<VerificationClient | undefined>(undefined, 'web', 'android', 'ios');

  it('never change what a phone reads', () => {
    const any = fc.record({
      app: value,
      binding: fc.dictionary(value, value, { maxKeys: 3 }),
      reference: value,
      locale: fc.oneof(fc.constantFrom(...BUILT_IN, 'xx'), value),
      country: value,
      client,
      code: fc.stringMatching(/^[0-9]{6,10}$/),
      remainingMs: fc.integer({ min: -1, max: 600_000 }),
    });
    const template = '{app} {binding} {reference} {code}';
    const property = fc.property(any, fc.boolean(), ({ app, binding, ...rest }, isOwn) => {
      const names = Object.keys(binding);
      fc.pre(new Set(names.map((name) => name.replace(/[^\w]/g, ''))).size === names.length);
      const messages = isOwn ? { xx: template } : {};
      const texts = new VerificationTexts({ app, domain: 'example.com', messages });
      const content = texts.write({ ...rest, binding });
      expect(content.split(/[\r\n\u2028\u2029]/)).toHaveLength(2);
      expect(parseOriginBoundCode(content)).toEqual({ host: 'example.com', code: rest.code });
      expect(parseAsChrome(content)).toEqual({ host: 'example.com', code: rest.code });
      expect(content).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/);
    });
    fc.assert(property, { numRuns: 500 });
  });
});
