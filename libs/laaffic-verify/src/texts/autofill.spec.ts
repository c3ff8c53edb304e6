import {
  autofillProblems,
  withLastLine,
  withoutOriginLine,
  type AutofillOptions,
  type VerificationClient,
} from './autofill.js';

const HASH = 'FA+9qCX9VSu';

describe('the last line', () => {
  it.each<[VerificationClient | undefined, AutofillOptions, string]>([
    [undefined, {}, 'Code 123456'],
    ['android', {}, 'Code 123456'],
    [undefined, { domain: 'example.com' }, 'Code 123456\n@example.com #123456'],
    ['web', { domain: 'example.com', androidHash: HASH }, 'Code 123456\n@example.com #123456'],
    ['ios', { domain: 'example.com', androidHash: HASH }, 'Code 123456\n@example.com #123456'],
    [undefined, { domain: 'example.com', androidHash: HASH }, 'Code 123456\n@example.com #123456'],
    ['android', { domain: 'example.com' }, 'Code 123456\n@example.com #123456'],
    ['android', { domain: 'example.com', androidHash: HASH }, `Code 123456\n${HASH}`],
    ['web', { androidHash: HASH }, 'Code 123456'],
    ['web', { domain: 'a.example', embeddedDomain: 'b.example' }, 'Code 123456\n@a.example #123456 @b.example'],
    ['ios', { domain: 'a.example', embeddedDomain: 'b.example' }, 'Code 123456\n@a.example #123456 %b.example'],
  ])('for %s with %j gives %j', (client, options, content) => {
    expect(withLastLine(['Code 123456'], '123456', client, options)).toBe(content);
  });

  const [long, short] = ['é'.repeat(140), 'é'.repeat(60)];

  it('of a long message is the preferred wording that fits into one part with it', () => {
    expect(withLastLine([long, short], '123456', 'web', {})).toBe(long);
    expect(withLastLine([long, short], '123456', 'web', { domain: 'a-long-name.example' })).toBe(
      `${short}\n@a-long-name.example #123456`,
    );
  });

  it('follows the last wording if none fits', () => {
    const [longer, longest] = ['a'.repeat(161), 'a'.repeat(200)];
    expect(withLastLine([longest, longer], '123456', 'web', {})).toBe(longer);
  });

  it.each([
    ['128 bytes of ASCII', 'a'.repeat(128), true],
    ['129 bytes of ASCII', 'a'.repeat(129), false],
    ['128 bytes of UTF-8, 64 characters of GSM-7', 'é'.repeat(64), true],
    ['130 bytes of UTF-8', 'é'.repeat(65), false],
    ['116 bytes of UCS-2, 58 characters with ASCII', `ğ${'a'.repeat(57)}`, true],
    ['118 bytes of UCS-2', `ğ${'a'.repeat(58)}`, false],
    ['42 characters with 3 bytes in UTF-8', 'क'.repeat(42), true],
    ['43 characters with 3 bytes in UTF-8', 'क'.repeat(43), false],
  ])('is the Android hash only up to 140 bytes: %s', (_, text, fits) => {
    const options = { domain: 'example.com', androidHash: HASH };
    const line = fits ? HASH : '@example.com #123456';
    expect(withLastLine([text], '123456', 'android', options)).toBe(`${text}\n${line}`);
  });
});

describe('autofillProblems', () => {
  const host = 'must be a host name in lower case, such as example.com, without https:// and without a port';

  it.each<[AutofillOptions, string[]]>([
    [{}, []],
    [{ domain: 'example.com', embeddedDomain: 'bank.example', androidHash: HASH }, []],
    [{ domain: 'xn--bcher-kva.example' }, []],
    [{ domain: 'localhost' }, []],
    ...[
      'https://example.com',
      'example.com:443',
      'Example.com',
      'bücher.example',
      'a b',
      '',
      '-a.example',
      'a..b',
      'a\n',
    ].map((domain): [AutofillOptions, string[]] => [{ domain }, [`domain ${host}`]]),
    [{ domain: `${'a'.repeat(64)}.example` }, [`domain ${host}`]],
    [{ domain: 'a.example', embeddedDomain: '%b.example' }, [`embeddedDomain ${host}`]],
    [{ embeddedDomain: 'b.example' }, ['embeddedDomain needs domain, the host name of the page around the frame']],
    ...['short', 'FA+9qCX9VSuX', 'FA-9qCX9VSu', '', 'FA+9qCX9VS\n'].map((androidHash): [AutofillOptions, string[]] => [
      { androidHash },
      ['androidHash must have 11 characters out of A-Z, a-z, 0-9, + and /'],
    ]),
  ])('of %j are %j', (options, problems) => {
    expect(autofillProblems(options)).toEqual(problems);
  });
});

describe('withoutOriginLine', () => {
  it.each([
    ['Code 1\n@a.example #1', 'Code 1'],
    ['Code 1\n\n@a.example #1 @b.example', 'Code 1\n'],
    ['@a.example #1 %b.example', ''],
    ['Code 1\n@a.example #2', 'Code 1\n@a.example #2'],
    ['Code 1 @a.example #1', 'Code 1 @a.example #1'],
    ['Code 1\n@a.example  #1', 'Code 1\n@a.example  #1'],
    ['@a.example #1\nCode 1', '@a.example #1\nCode 1'],
    ['', ''],
  ])('leaves of %j %j', (content, text) => {
    expect(withoutOriginLine(content, '1')).toBe(text);
  });
});
