import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { parseTemplate } from './parse-template.js';

const variable = (name: string, fallback?: string) => ({ name, fallback });

describe('a text', () => {
  it.each([
    ['', []],
    ['plain', ['plain']],
    ['{{name}}', [variable('name')]],
    ['{{name|friend}}', [variable('name', 'friend')]],
    [
      'Hello {{name|my friend}}, {{a}}{{b_2}}!',
      ['Hello ', variable('name', 'my friend'), ', ', variable('a'), variable('b_2'), '!'],
    ],
    ['{{constructor}}{{toString}}', [variable('constructor'), variable('toString')]],
    ['single { and } and }{ stay', ['single { and } and }{ stay']],
    ['{ {{a}} }', ['{ ', variable('a'), ' }']],
    ['{{a}}}', [variable('a'), '}']],
    ['{{a|שלום}} {{b|你好}} 😀', [variable('a', 'שלום'), ' ', variable('b', '你好'), ' 😀']],
    [`{{${'x'.repeat(64)}}}`, [variable('x'.repeat(64))]],
    [`{{a|${'😀'.repeat(160)}}}`, [variable('a', '😀'.repeat(160))]],
    ['# {% if %} ${a} #{a} <b> %s', ['# {% if %} ${a} #{a} <b> %s']],
  ])('%j has these parts', (text, parts) => {
    expect(parseTemplate(text)).toEqual({ parts });
  });

  const NAME =
    'has a placeholder with an invalid name: letters, digits and _ are allowed, after a letter, without blanks';
  const NO_NAME = 'has a placeholder without a name';
  const OPEN = 'has a placeholder that is not closed: it must end with }}';
  const STRAY = 'has a }} that closes no placeholder';
  const EMPTY = 'has a placeholder with an empty fallback: write one, or leave out the |';
  const FALLBACK = 'has a placeholder whose fallback contains one of { } |';
  const MARKS = 'has a placeholder whose fallback contains a line end, a control character or a direction mark';
  it.each([
    ['{{', 1, OPEN],
    ['😀 {{name', 3, OPEN],
    ['{{name}', 1, OPEN],
    ['{{a and {{b}}', 1, OPEN],
    ['{{{{a}}', 1, OPEN],
    ['{{}}', 1, NO_NAME],
    ['Dear {{ }}', 6, NO_NAME],
    ['{{|friend}}', 1, NO_NAME],
    ['{{ name }}', 1, NAME],
    ['{{first name}}', 1, NAME],
    ['{{1st}}', 1, NAME],
    ['{{_a}}', 1, NAME],
    ['{{naïve}}', 1, NAME],
    ['{{имя}}', 1, NAME],
    ['{{a.b}}', 1, NAME],
    ['{{a-b}}', 1, NAME],
    ['{{#if a}}', 1, NAME],
    ['{{{name}}}', 1, NAME],
    ['{{a\n}}', 1, NAME],
    [`{{${'x'.repeat(65)}}}`, 1, 'has a placeholder with a name of more than 64 characters'],
    ['{{a|}}', 1, EMPTY],
    ['{{a| }}', 1, EMPTY],
    ['{{a|b|c}}', 1, FALLBACK],
    ['{{a|{b}}', 1, FALLBACK],
    ['{{a|b\nc}}', 1, MARKS],
    ['{{a|b\0c}}', 1, MARKS],
    ['{{a|b\u202ec}}', 1, MARKS],
    [`{{a|${'x'.repeat(161)}}}`, 1, 'has a placeholder with a fallback of more than 160 characters'],
    ['a }} b', 3, STRAY],
    ['{{a}}}}', 6, STRAY],
  ])('%j is wrong at character %i', (text, character, problem) => {
    expect(parseTemplate(text)).toEqual({ problems: [{ character, problem }] });
  });

  it('has all its problems reported in order, at most ten', () => {
    expect(parseTemplate('a }} {{}} {{b c}} {{d')).toEqual({
      problems: [
        { character: 3, problem: STRAY },
        { character: 6, problem: NO_NAME },
        { character: 11, problem: NAME },
        { character: 19, problem: OPEN },
      ],
    });
    expect(parseTemplate('{{}}'.repeat(10_000))).toEqual({
      problems: Array.from({ length: 10 }, (_, index) => ({ character: 4 * index + 1, problem: NO_NAME })),
    });
  });

  it('is the same when its parts are written again, and otherwise its problems have a place in it', () => {
    const piece = fc.oneof(fc.constantFrom('{{', '}}', '{', '}', '|', 'a', ' ', '{{name}}', '{{b|c}}'), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseTemplate(text);
        if ('problems' in parsed) {
          expect(parsed.problems.every(({ character }) => character >= 1 && character <= text.length)).toBe(true);
          return;
        }
        const written = parsed.parts.map((part) =>
          typeof part === 'string' ? part : `{{${part.name}${part.fallback === undefined ? '' : `|${part.fallback}`}}}`,
        );
        expect(written.join('')).toBe(text);
        const plain = parsed.parts.filter((part) => typeof part === 'string');
        expect(plain.filter((part) => part.includes('{{') || part.includes('}}'))).toEqual([]);
      }),
      { numRuns: cases(100_000, 2_000) },
    );
  });
});
