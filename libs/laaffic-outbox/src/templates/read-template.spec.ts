import { readTemplate } from './read-template.js';

const NOT_A_LOCALE = 'must be a BCP 47 language tag, such as pt-BR';
const NO_TEXTS = { field: 'texts', problem: 'must be an object with a text for each locale' };

describe('a template', () => {
  it('has its locales in their usual form, and its texts in NFC with the line end \\n', () => {
    const texts = { EN: 'cafe\u0301 {{a}}\r\nb\rc', 'pt-br': '{{a}} {{b|x}}' };
    expect(readTemplate({ texts, defaultLocale: 'en', maxParts: 2, keepsLineEnds: true })).toEqual({
      definition: {
        texts: { en: 'café {{a}}\nb\nc', 'pt-BR': '{{a}} {{b|x}}' },
        defaultLocale: 'en',
        maxParts: 2,
        keepsLineEnds: true,
      },
    });
  });

  it('has no limit of parts and no line ends of values by default', () => {
    expect(readTemplate({ texts: { en: 'x' }, defaultLocale: 'en' })).toEqual({
      definition: { texts: { en: 'x' }, defaultLocale: 'en', maxParts: undefined, keepsLineEnds: false },
    });
  });

  it.each([[undefined], [null], ['x'], [7], [[]], [{}]])('is not %p', (template) => {
    expect(readTemplate(template)).toEqual({
      issues: [NO_TEXTS, { field: 'defaultLocale', problem: NOT_A_LOCALE }],
    });
  });

  const NONE = ['texts', 'must be an object with a text for each locale'] as const;
  const LONG = ['texts.en', 'must have at most 1024 characters'] as const;
  const HALF = ['texts.en', 'must not contain the character 0 or half of a surrogate pair'] as const;
  const PARTS = ['texts.en', 'needs at least 2 parts, and maxParts is 1'] as const;
  const OPEN = ['texts.en', 'has a placeholder that is not closed: it must end with }} (at character 7)'] as const;
  const NAMELESS = ['texts.en', 'has a placeholder without a name (at character 1)'] as const;
  const MAX = ['maxParts', 'must be a whole number from 1 to 32'] as const;
  const en = (text: unknown) => ({ texts: { en: text } });
  const rejected: readonly (readonly [object, ...(readonly [string, string])[]])[] = [
    [{ texts: {} }, NONE],
    [{ texts: null }, NONE],
    [{ texts: ['x'] }, NONE],
    [en(7), ['texts.en', 'must be text']],
    [en(' \n'), ['texts.en', 'must not be empty']],
    [en('a\0'), HALF],
    [en('\ud800'), HALF],
    [en('x'.repeat(1_025)), LONG],
    [en(`${'x'.repeat(1_023)}{{a}}{{b}}`), LONG],
    [en('x'.repeat(10_000_000)), LONG],
    [en('Hello {{'), OPEN],
    [en('{{}} a{{'), NAMELESS, OPEN],
    [{ texts: { en: 'x', 'no tag': 'y' } }, ['texts', 'has a key that is not a BCP 47 language tag, such as pt-BR']],
    [{ texts: { en: 'x', 'pt-BR': 'y', 'pt-br': 'z' } }, ['texts.pt-BR', 'is given twice']],
    [{ ...en('x'), defaultLocale: 'en_US' }, ['defaultLocale', NOT_A_LOCALE]],
    [{ ...en('x'), defaultLocale: undefined }, ['defaultLocale', NOT_A_LOCALE]],
    [{ ...en('x'), defaultLocale: 'de' }, ['defaultLocale', 'must be the locale of one of the texts']],
    [{ ...en('x'), maxParts: 0 }, MAX],
    [{ ...en('x'), maxParts: 33 }, MAX],
    [{ ...en('x'), maxParts: 1.5 }, MAX],
    [{ ...en('x'), maxParts: Number.NaN }, MAX],
    [{ ...en('x'), maxParts: '1' }, MAX],
    [{ ...en('x'), maxParts: null }, MAX],
    [{ ...en('x'), keepsLineEnds: 'yes' }, ['keepsLineEnds', 'must be true or false']],
    [{ ...en('x'.repeat(161)), maxParts: 1 }, PARTS],
    [{ ...en(`${'x'.repeat(160)}{{a}}`), maxParts: 1 }, PARTS],
    [{ ...en(`{{a|${'x'.repeat(100)}}}${'я'.repeat(20)}`), maxParts: 1 }, PARTS],
  ];
  it.each(rejected.map(([template, ...problems]) => ({ template, problems })))(
    'like $template is rejected',
    ({ template, problems }) => {
      const issues = problems.map(([field, problem]) => ({ field, problem }));
      expect(readTemplate({ defaultLocale: 'en', ...template })).toEqual({ issues });
    },
  );

  it('has at most 100 locales', () => {
    const letters = 'abcdefghijklmnopqrstuvwxyz'.split('');
    const tags = letters.flatMap((a) => letters.map((b) => `en-x-${a}${b}`)).slice(0, 100);
    const texts = Object.fromEntries([...tags, 'en'].map((tag) => [tag, 'x']));
    expect(readTemplate({ texts, defaultLocale: 'en' })).toEqual({
      issues: [{ field: 'texts', problem: 'must have at most 100 locales' }],
    });
  });

  const added = (name: string) =>
    `needs a fallback for ${name}, because the text of the default locale does not require it`;
  const forgotten = (name: string) => `must contain ${name}, because the text of the default locale requires it`;
  it.each([
    ['{{a}}', '{{a}} {{a}}', []],
    ['{{a}}', '{{a|x}}', []],
    ['{{a}}', '{{a}} {{b|x}}', []],
    ['{{a|x}}', 'no variable', []],
    ['{{a|x}} {{a}}', '{{a}}', []],
    ['{{a}}', '{{a}} {{b}}', [added('b')]],
    ['{{a|x}}', '{{a}}', [added('a')]],
    ['{{a}}', 'x', [forgotten('a')]],
    ['{{a}} {{b}}', '{{b}} {{c}} {{c|x}}', [added('c'), forgotten('a')]],
  ])('with the default text %j and the text %j has the problems %j', (first, de, problems) => {
    const read = readTemplate({ texts: { en: first, de }, defaultLocale: 'en' });
    expect('issues' in read ? read.issues : []).toEqual(problems.map((problem) => ({ field: 'texts.de', problem })));
  });
});
