import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { cleanValue } from './template-value.js';

const LONG = { problem: 'must have at most 160 characters' };
const KIND = { problem: 'must be text or a number' };
const HALF = { problem: 'must not contain half of a surrogate pair' };
const DIGITS = { problem: 'must be a number that is written with digits only: give other numbers as text' };
const text = (value: string) => ({ text: value });

describe('a value', () => {
  it.each([
    ['Anna', text('Anna')],
    [' Anna ', text(' Anna ')],
    ['O’Brien "the <b>"', text('O’Brien "the <b>"')],
    ['e\u0301', text('é')],
    ['नमस्ते 你好 مرحبا', text('नमस्ते 你好 مرحبا')],
    ['👩‍👩‍👧', text('👩‍👩‍👧')],
    ['x'.repeat(160), text('x'.repeat(160))],
    ['😀'.repeat(160), text('😀'.repeat(160))],
    ['x'.repeat(161), LONG],
    ['😀'.repeat(161), LONG],
    ['x'.repeat(10_000_000), LONG],
    ['a\nb\r\nc\rd\u2028e\u2029f\u0085g\vh\fi\tj', text('a b c d e f g h i j')],
    ['a\0b\u0007c\u001bd\u007fe\u009ff', text('abcdef')],
    ['\u202eevil\u202c \u2066x\u2069 \u200fy\u200e\u061c\u206a', text('evil x y')],
    ['\u202ae\u202b\u0301', text('é')],
    ['{{name}}', text('((name))')],
    ['{{{{x', text('((((x')],
    ['{\u202e{x}\0}', text('((x))')],
    ['a {b} {', text('a {b} {')],
    ['{ {', text('{ {')],
    ['', undefined],
    [' \n\t ', undefined],
    ['\0\u202e', undefined],
    [undefined, undefined],
    [null, undefined],
    [0, text('0')],
    [-0, text('0')],
    [-12.5, text('-12.5')],
    [9_007_199_254_740_991, text('9007199254740991')],
    [1e21, DIGITS],
    [1e-7, DIGITS],
    [Number.NaN, DIGITS],
    [Number.POSITIVE_INFINITY, DIGITS],
    ['\ud800', HALF],
    ['a\udc00b', HALF],
    [true, KIND],
    [12n, KIND],
    [['a'], KIND],
    [{ toString: () => 'a' }, KIND],
    [Symbol('a'), KIND],
    [() => 'a', KIND],
  ])('%p is cleaned, or what is wrong is said', (value, expected) => {
    expect(cleanValue(value, false)).toEqual(expected);
  });

  it('keeps its line ends if the template says so', () => {
    expect(cleanValue('a\nb\r\nc\rd\u2028e\tf\0', true)).toEqual(text('a\nb\nc\nd\ne f'));
    expect(cleanValue('\n', true)).toBeUndefined();
  });

  it('is NFC and short, has no pair of braces, no control character and no direction mark, and stays so', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('{', '{{', '}', '}}', '\0', '\u202e', '\u2067', '\n', '\r\n', 'e', '\u0301', '\u1100', '\u1161'),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), fc.boolean(), (pieces, keepsLineEnds) => {
        const cleaned = cleanValue(pieces.join(''), keepsLineEnds);
        if (cleaned === undefined || 'problem' in cleaned) return;
        expect(cleaned.text.normalize('NFC')).toBe(cleaned.text);
        expect(Array.from(cleaned.text).length).toBeLessThanOrEqual(160);
        const unwanted = keepsLineEnds
          ? /\{\{|\}\}|(?!\n)\p{Cc}|\p{Bidi_Control}/u
          : /\{\{|\}\}|\p{Cc}|\p{Bidi_Control}/u;
        expect(unwanted.test(cleaned.text)).toBe(false);
        expect(cleanValue(cleaned.text, keepsLineEnds)).toEqual(cleaned);
      }),
      { numRuns: cases(100_000, 2_000) },
    );
  });
});
