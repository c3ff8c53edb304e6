import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { Template, type TemplateDefinition } from './template.js';

function of(texts: Record<string, string> | string, more: Partial<TemplateDefinition> = {}): Template {
  const template = Template.of({
    texts: typeof texts === 'string' ? { en: texts } : texts,
    defaultLocale: 'en',
    maxParts: undefined,
    keepsLineEnds: false,
    ...more,
  });
  if (template === undefined) throw new Error('The template of the test is wrong');
  return template;
}
const rendered = (content: string, locale = 'en') => ({ content, locale });
const issue = (field: string, problem: string) => ({ issues: [{ field, problem }] });
const MISSING = 'has no value, and the template has no fallback for it';

describe('a rendered text', () => {
  it.each([
    ['plain', {}, 'plain'],
    ['Hello {{name}}!', { name: 'Anna' }, 'Hello Anna!'],
    ['{{a}}{{b}}{{a}}', { a: 1, b: 'x' }, '1x1'],
    ['Hello {{name|friend}}', {}, 'Hello friend'],
    ['Hello {{name|friend}}', { name: undefined }, 'Hello friend'],
    ['Hello {{name|friend}}', { name: null }, 'Hello friend'],
    ['Hello {{name|friend}}', { name: ' \n' }, 'Hello friend'],
    ['Hello {{name|friend}}', { name: 'Anna', other: {} }, 'Hello Anna'],
    ['{{a}}', { a: '{{b}}', b: 'secret' }, '((b))'],
    ['{{a}}{{b}}', { a: '{', b: '{a}' }, '{(a}'],
    ['{{a}}{{b}}', { a: 'x}', b: '}' }, 'x})'],
    ['{ {{a}}}', { a: 'x}' }, '{ x)}'],
    ['{{a}}{', { a: '{' }, '({'],
    ['{{a}}', { a: '$&$1%s\\n' }, '$&$1%s\\n'],
    ['e{{a}}', { a: '\u0301' }, 'é'],
    ['{{constructor|a}}{{toString|b}}{{hasOwnProperty|c}}', {}, 'abc'],
    ['שלום {{name}}, מה שלומך?', { name: 'דוד\u202e' }, 'שלום דוד, מה שלומך?'],
    ['你好{{name}}', { name: '👩‍👩‍👧' }, '你好👩‍👩‍👧'],
  ])('of %j with %p is %j', (text, vars, content) => {
    expect(of(text).render({ vars })).toEqual(rendered(content));
  });

  it('keeps line ends of values only if the template says so', () => {
    const values = { vars: { a: '1\r\n2' } };
    expect(of('a\n{{a}}').render(values)).toEqual(rendered('a\n1 2'));
    expect(of('a\n{{a}}', { keepsLineEnds: true }).render(values)).toEqual(rendered('a\n1\n2'));
  });

  it.each([
    [undefined, 'en'],
    ['en', 'en'],
    ['pt', 'pt'],
    ['pt-BR', 'pt-BR'],
    ['PT-br', 'pt-BR'],
    ['pt-PT', 'pt'],
    ['zh-Hant-TW', 'zh-Hant'],
    ['zh', 'en'],
    ['de-AT', 'en'],
    ['iw', 'he'],
  ])('for the locale %p is the text of %s', (locale, expected) => {
    const texts = { en: 'e', pt: 'p', 'pt-BR': 'b', 'zh-Hant': 'z', he: 'h' };
    expect(of(texts).render({ locale })).toEqual(rendered(texts[expected as keyof typeof texts], expected));
  });
});

describe('no text is rendered', () => {
  const NO_LOCALE = 'must be a BCP 47 language tag, such as pt-BR';
  const NO_OBJECT = 'must be an object with values by name';
  it.each([
    ['Hello {{name}}', {}, issue('vars.name', MISSING)],
    ['Hello {{name}}', { vars: { name: '' } }, issue('vars.name', MISSING)],
    ['Hello {{name}}', { vars: { Name: 'Anna' } }, issue('vars.name', MISSING)],
    ['{{name}} {{name}}', {}, issue('vars.name', MISSING)],
    ['{{toString}}', { vars: {} }, issue('vars.toString', MISSING)],
    ['{{name|x}}', { vars: { name: true } }, issue('vars.name', 'must be text or a number')],
    ['{{name}}', { vars: { name: 'secret'.repeat(30) } }, issue('vars.name', 'must have at most 160 characters')],
    ['x', { vars: null }, issue('vars', NO_OBJECT)],
    ['x', { vars: 'name' }, issue('vars', NO_OBJECT)],
    ['x', { vars: ['a'] }, issue('vars', NO_OBJECT)],
    ['x', { locale: 'pt_BR' }, issue('locale', NO_LOCALE)],
    ['x', { locale: '' }, issue('locale', NO_LOCALE)],
    ['x', { locale: null }, issue('locale', NO_LOCALE)],
    ['x', { locale: 7 }, issue('locale', NO_LOCALE)],
  ])('of %j with %p', (text, values, expected) => {
    expect(of(text).render(values)).toEqual(expected);
  });

  it('and every problem is named at once', () => {
    expect(of('{{a}} {{b}} {{c|x}}').render({ vars: { b: {} }, locale: '?' })).toEqual({
      issues: [
        { field: 'locale', problem: 'must be a BCP 47 language tag, such as pt-BR' },
        { field: 'vars.a', problem: MISSING },
        { field: 'vars.b', problem: 'must be text or a number' },
      ],
    });
  });

  it.each([
    ['a'.repeat(159), '1', undefined],
    ['a'.repeat(159), '12', 2],
    ['a'.repeat(69), 'я', undefined],
    ['a'.repeat(70), 'я', 2],
    ['a'.repeat(159), '€', 2],
  ])('if %j with %j needs more parts than the template allows', (start, a, needed) => {
    const template = of(`${start}{{a}}`, { maxParts: 1 });
    expect(template.render({ vars: { a } })).toEqual(
      needed === undefined
        ? rendered(start + a)
        : issue('vars', `must make a text of at most 1 part, but it needs ${needed}`),
    );
  });

  it('if it is longer than the platform accepts', () => {
    const template = of('😀'.repeat(1_000) + '{{a}}');
    expect(template.render({ vars: { a: 'x'.repeat(24) } })).toEqual(rendered('😀'.repeat(1_000) + 'x'.repeat(24)));
    expect(template.render({ vars: { a: 'x'.repeat(25) } })).toEqual(
      issue('vars', 'must make a text of at most 1024 characters'),
    );
  });
});

it.each([[{ texts: { en: '{{' } }], [{ texts: { de: 'x' } }], [{ texts: {} }]])(
  'a template that was changed by hand is not read: %j',
  ({ texts }) => {
    expect(
      Template.of({
        texts,
        defaultLocale: 'en',
        maxParts: undefined,
        keepsLineEnds: false,
      }),
    ).toBeUndefined();
  },
);

it('no text contains {{ or }} or a control character, whatever the values, and it is NFC', () => {
  const hostile = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '{',
          '}',
          '{{',
          '}}',
          '{{a}}',
          '{{b|c}}',
          '\0',
          '\u202e',
          '\u2066',
          '\n',
          '|',
          'a',
          '\u0301',
          '｛',
        ),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      { maxLength: 6 },
    )
    .map((pieces) => pieces.join(''));
  const part = fc.constantFrom('{{a}}', '{{b}}', '{{a|x}}', '{{b|( y}}', '{', '}', ' ', '} {', 'text');
  fc.assert(
    fc.property(
      fc.array(part, { minLength: 1, maxLength: 8 }),
      fc.record({ a: hostile, b: hostile }),
      fc.boolean(),
      (parts, vars, keepsLineEnds) => {
        const template = Template.of({
          texts: { en: parts.join('') },
          defaultLocale: 'en',
          maxParts: undefined,
          keepsLineEnds,
        });
        const result = template?.render({ vars });
        if (result === undefined || 'issues' in result) return;
        expect(result.content).not.toMatch(/\{\{|\}\}/);
        expect(result.content).not.toMatch(
          keepsLineEnds ? /(?!\n)\p{Cc}|\p{Bidi_Control}/u : /\p{Cc}|\p{Bidi_Control}/u,
        );
        expect(result.content.normalize('NFC')).toBe(result.content);
        expect(result.content).not.toBe('');
      },
    ),
    { numRuns: cases(200_000, 5_000) },
  );
});

it('what is rendered renders to itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (a) => {
      const first = of('{{a}} {{a}}').render({ vars: { a } });
      if ('issues' in first) return;
      expect(of(first.content).render({ vars: { a: 'other' } })).toEqual(first);
    }),
    { numRuns: cases(20_000, 1_000) },
  );
});
