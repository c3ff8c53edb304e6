import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { segments } from './segments.js';
import { toGsm7 } from './non-gsm7-characters.js';

function each(characters: string, suggestion: string): [string, string][] {
  return Array.from(characters, (character) => [character, suggestion]);
}

const suggested: [string, string][] = [
  ...each('‘’‚‛′‵`´ʹʻʼʽˈˊˋ❛❜＇', "'"),
  ...each('“”„‟«»ʺˮ❝❞〝〞〟《》「」『』＂″‶', '"'),
  ['‴', "'''"],
  ...each('‐‑‒–—―−⁃﹘﹣－⸺⸻', '-'),
  ...each('•‣◦∙●▪■∗·⋅＊', '*'),
  ...each('。․．', '.'),
  ['…', '...'],
  ['⋯', '...'],
  ['‥', '..'],
  ...each('\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000', ' '),
  ...each('\v\u0085\u2028\u2029', '\n'),
  ...each(
    '\u0000\u0007\u001b\u007f\u00ad\u034f\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufe0e\ufe0f\ufeff',
    '',
  ),
  ['⁄', '/'],
  ['∕', '/'],
  ['∖', '\\'],
  ['¦', '|'],
  ['∣', '|'],
  ['‗', '_'],
  ['ˆ', '^'],
  ['˜', '~'],
  ['∼', '~'],
  ['〜', '~'],
  ['～', '~'],
  ['‹', '<'],
  ['›', '>'],
  ['〈', '<'],
  ['〉', '>'],
  ['【', '['],
  ['】', ']'],
  ['、', ','],
  ['，', ','],
  ['！', '!'],
  ['？', '?'],
  ['：', ':'],
  ['（', '('],
  ['）', ')'],
  ['％', '%'],
  ['￥', '¥'],
  ['￡', '£'],
  ['Ａ', 'A'],
  ['ｚ', 'z'],
  ['０', '0'],
  ['９', '9'],
  ['𝟗', '9'],
  ['𝓗', 'H'],
  ['Ⓐ', 'A'],
  ['→', '->'],
  ['←', '<-'],
  ['⇒', '=>'],
  ['≤', '<='],
  ['≥', '>='],
  ['±', '+/-'],
  ['×', 'x'],
  ['©', '(C)'],
  ['®', '(R)'],
  ['™', 'TM'],
  ['№', 'No'],
  ['℅', 'c/o'],
  ['₹', 'Rs'],
  ['₨', 'Rs'],
  ['ª', 'a'],
  ['º', 'o'],
  ['µ', 'u'],
  ['\u2126', 'Ω'],
  ['∆', 'Δ'],
  ['∑', 'Σ'],
  ['∏', 'Π'],
  ...Array.from('ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', (letter, index): [string, string] => [letter, 'ABEZHIKMNOPTYX'.charAt(index)]),
  ['Ά', 'A'],
  ['Ώ', 'Ω'],
  ...each('áâãāăąạảấ', 'a'),
  ...each('ÁÀÂÃĀĂĄ', 'A'),
  ...each('çćĉċč', 'c'),
  ...each('ďđð', 'd'),
  ...each('êëēėęěếəẽ', 'e'),
  ...each('ğģ', 'g'),
  ...each('íîïīįı', 'i'),
  ...each('łľĺļ', 'l'),
  ...each('ńňņŋ', 'n'),
  ...each('óôõōőơợ', 'o'),
  ...each('řŕ', 'r'),
  ...each('śšşșſ', 's'),
  ...each('ťţțŧ', 't'),
  ...each('úûūůűųư', 'u'),
  ...each('ýÿỳ', 'y'),
  ...each('źżž', 'z'),
  ['İ', 'I'],
  ['Ł', 'L'],
  ['Š', 'S'],
  ['ĸ', 'k'],
  ['Ŀ', 'L.'],
  ['ŀ', 'l.'],
  ['ħ', 'h'],
  ['Ħ', 'H'],
  ['Ŋ', 'N'],
  ['Ŧ', 'T'],
  ['Đ', 'D'],
  ['Ð', 'D'],
  ['Ə', 'E'],
  ['þ', 'th'],
  ['Þ', 'Th'],
  ['œ', 'oe'],
  ['Œ', 'OE'],
  ['ẞ', 'SS'],
  ['ĳ', 'ij'],
  ['ǆ', 'dz'],
  ['ﬁ', 'fi'],
  ['ﬄ', 'ffl'],
  ['ŉ', "'n"],
  ['ǻ', 'å'],
  ['ǘ', 'ü'],
  ['Ǿ', 'Ø'],
  ['ǽ', 'æ'],
  ['Ḉ', 'Ç'],
  ['e\u0301', 'é'],
  ['E\u0301', 'É'],
  ['n\u0303', 'ñ'],
  ['A\u030a', 'Å'],
  ['C\u0327', 'Ç'],
  ['c\u0327', 'c'],
  ['q\u0301', 'q'],
  ['\u0301', ''],
  ['1\ufe0f\u20e3', '1'],
  ['©\ufe0f', '(C)'],
  ['‼', '!!'],
];

const none = [
  ...['中', 'я', 'А', 'ع', 'ก', 'あ', '한', 'α', 'ъ'],
  ...['🙂', '👍🏽', '👨‍👩‍👧', '🇮🇹', '❤️', '♥', '✓', '∞', '�', '\ud83d', '\ude42'],
  ...['½', '²', '³', '⁵', '₂', '①', '⑴', '⒈', '٣'],
  ...['≠', '≮', '=\u0338', 's\u0336', '¨', '¸', '¯', ' \u0301', '°', '¢', '₽', '₿', '〃'],
];

const OTHER_SCRIPT =
  /(?=\p{L})(?!\p{Default_Ignorable_Code_Point})[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Thai}\p{sc=Devanagari}]/u;

const escaped = (text: string) => Array.from(text, (character) => character.codePointAt(0)!.toString(16)).join(' ');

describe('a suggestion', () => {
  it.each(suggested.map(([character, suggestion]) => [escaped(character), character, suggestion]))(
    'of %s: for %s, %j',
    (_, character, suggestion) => {
      const units = character.length;
      expect(segments(character)).toEqual({
        encoding: 'ucs-2',
        units,
        parts: 1,
        unitsPerPart: 70,
        remainingUnits: 70 - units,
        nonGsm7Characters: [{ character, position: 0, suggestion }],
      });
      expect(toGsm7(`${character}a`)).toBe(`${suggestion}a`);
    },
  );

  it.each(none.map((character) => [escaped(character), character]))('does not exist for %s, %s', (_, character) => {
    const units = character.length;
    expect(segments(character)).toEqual({
      encoding: 'ucs-2',
      units,
      parts: 1,
      unitsPerPart: 70,
      remainingUnits: 70 - units,
      nonGsm7Characters: [{ character, position: 0 }],
    });
    expect(toGsm7(`a ${character}`)).toBeUndefined();
  });
});

describe('toGsm7', () => {
  it.each([
    ['', ''],
    ['Plain, with àéñ and {€}\r\n', 'Plain, with àéñ and {€}\r\n'],
    ['“It’s on – today…”', '"It\'s on - today..."'],
    ['Łódź, Malmö, São Paulo, Çeşme, Kraków', 'Lodz, Malmö, Sao Paulo, Çesme, Krakow'],
    ['Zoe\u0308 Cafe\u0301', 'Zoe Café'],
    ['Tiếng Việt', 'Tieng Viet'],
    ['【Laaffic】 your code：１２３４，valid 5 min！', '[Laaffic] your code:1234,valid 5 min!'],
    ['10\u202f000\u00a0€', '10 000 €'],
    ['\ufeffcode\u200b 1234', 'code 1234'],
    ['ΚΑΛΗΜΕΡΑ', 'KAΛHMEPA'],
    ['« Œuvre »', '" OEuvre "'],
  ])('writes %j as %j', (content, expected) => {
    expect(toGsm7(content)).toBe(expected);
  });

  it.each(['“Hi” 🙂', 'It’s 1½ hours', '“你好”', 'क्\u200dष', 'a\ud800'])(
    'gives nothing for %j, which stays UCS-2',
    (content) => {
      expect(toGsm7(content)).toBeUndefined();
    },
  );

  const text = fc.string({
    unit: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...suggested.map(([character]) => character)) },
      { weight: 4, arbitrary: fc.constantFrom('a', 'Z', '9', ' ', '€', '[', 'é', '\r\n') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    ),
  });

  it('returns GSM-7, which it does not change the second time', () => {
    fc.assert(
      fc.property(text, (content) => {
        const written = toGsm7(content) ?? '';
        expect(segments(written).encoding).toBe('gsm-7');
        expect(toGsm7(written)).toEqual(written);
      }),
      { numRuns: cases(2000, 400) },
    );
  });

  it('returns text exactly if every character outside GSM-7 has a suggestion', () => {
    fc.assert(
      fc.property(text, (content) => {
        expect(toGsm7(content) !== undefined).toBe(
          segments(content).nonGsm7Characters.every(({ suggestion }) => suggestion !== undefined),
        );
      }),
      { numRuns: cases(2000, 400) },
    );
  });

  it('suggests GSM-7 only, and nothing for a letter of another script', () => {
    const characters = [0, 1, 2, 14].flatMap((plane) =>
      Array.from({ length: 0x10000 }, (_, point) => String.fromCodePoint(plane * 0x10000 + point)),
    );
    const suggestions = segments(characters.join('\n')).nonGsm7Characters.filter(
      ({ suggestion }) => suggestion !== undefined,
    );
    expect(segments(suggestions.map(({ suggestion }) => suggestion).join('')).encoding).toBe('gsm-7');
    expect(suggestions.map(({ character }) => character).filter((character) => OTHER_SCRIPT.test(character))).toEqual(
      [],
    );
  });
});
