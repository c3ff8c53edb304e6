import fc from 'fast-check';
import { cases } from '../../../../test/cases.js';
import type { NonGsm7Character } from './non-gsm7-characters.js';
import { segments, type SmsSegments } from './segments.js';

// 3GPP TS 23.038 §6.2.1 by code points, for Δ, Ω and µ have twins: from code 0x00, sixteen to a line.
const DEFAULT_ALPHABET = [
  [0x40, 0xa3, 0x24, 0xa5, 0xe8, 0xe9, 0xf9, 0xec, 0xf2, 0xc7, 0x0a, 0xd8, 0xf8, 0x0d, 0xc5, 0xe5],
  [0x394, 0x5f, 0x3a6, 0x393, 0x39b, 0x3a9, 0x3a0, 0x3a8, 0x3a3, 0x398, 0x39e, NaN, 0xc6, 0xe6, 0xdf, 0xc9],
  [0x20, 0x21, 0x22, 0x23, 0xa4, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f],
  [0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f],
  [0xa1, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f],
  [0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xc4, 0xd6, 0xd1, 0xdc, 0xa7],
  [0xbf, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
  [0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xe4, 0xf6, 0xf1, 0xfc, 0xe0],
].flat();
const ESCAPE = 0x1b;

/** §6.2.1.1: the code after the escape, and the code point. */
const EXTENSION_TABLE: readonly (readonly [number, number])[] = [
  [0x0a, 0x0c],
  [0x14, 0x5e],
  [0x28, 0x7b],
  [0x29, 0x7d],
  [0x2f, 0x5c],
  [0x3c, 0x5b],
  [0x3d, 0x7e],
  [0x3e, 0x5d],
  [0x40, 0x7c],
  [0x65, 0x20ac],
];

/** The septets that each character of GSM-7 is sent as. */
const CODES: ReadonlyMap<string, readonly number[]> = new Map([
  ...DEFAULT_ALPHABET.flatMap((point, code) =>
    code === ESCAPE ? [] : [[String.fromCodePoint(point), [code]] as [string, number[]]],
  ),
  ...EXTENSION_TABLE.map(([code, point]): [string, number[]] => [String.fromCodePoint(point), [ESCAPE, code]]),
]);

function gsm7(units: number, parts: number, unitsPerPart: number, remainingUnits: number): SmsSegments {
  return { encoding: 'gsm-7', units, parts, unitsPerPart, remainingUnits, nonGsm7Characters: [] };
}

function ucs2(
  units: number,
  parts: number,
  unitsPerPart: number,
  remainingUnits: number,
  ...nonGsm7Characters: NonGsm7Character[]
): SmsSegments {
  return { encoding: 'ucs-2', units, parts, unitsPerPart, remainingUnits, nonGsm7Characters };
}

function at(position: number, character: string, suggestion?: string): NonGsm7Character {
  return suggestion === undefined ? { character, position } : { character, position, suggestion };
}

const named = (character: string, codes: readonly number[]) =>
  [
    `${codes.map((code) => code.toString(16).padStart(2, '0')).join(' ')} ${JSON.stringify(character)}`,
    character,
  ] as const;

describe('segments: the alphabet', () => {
  const rows = Array.from(CODES, ([character, codes]) => [...named(character, codes), codes.length] as const);

  it.each(rows)('has %s', (_, character, septets) => {
    expect(segments(character)).toEqual(gsm7(septets, 1, 160, 160 - septets));
  });

  it.each(rows)('fills parts with %s', (_, character, septets) => {
    const inOnePart = 160 / septets;
    expect(segments(character.repeat(inOnePart))).toEqual(gsm7(160, 1, 160, 0));
    expect(segments(character.repeat(inOnePart + 1))).toEqual(
      septets === 1 ? gsm7(161, 2, 153, 145) : gsm7(162, 2, 153, 143),
    );
  });

  it('has no other character of Unicode', () => {
    const characters = [0, 1, 2, 14].flatMap((plane) =>
      Array.from({ length: 0x10000 }, (_, point) => String.fromCodePoint(plane * 0x10000 + point)),
    );
    // Apart, for halves of a pair and parts of an emoji would join.
    const { nonGsm7Characters } = segments(characters.join('a'));
    const outside = new Set(nonGsm7Characters.flatMap(({ character }) => Array.from(character)));
    // Each mark joined the letter before it.
    outside.delete('a');
    expect(characters.filter((character) => !outside.has(character)).sort()).toEqual(Array.from(CODES.keys()).sort());
  });
});

describe('segments: one kind of character', () => {
  it.each([
    [0, gsm7(0, 1, 160, 160)],
    [1, gsm7(1, 1, 160, 159)],
    [69, gsm7(69, 1, 160, 91)],
    [70, gsm7(70, 1, 160, 90)],
    [71, gsm7(71, 1, 160, 89)],
    [134, gsm7(134, 1, 160, 26)],
    [135, gsm7(135, 1, 160, 25)],
    [152, gsm7(152, 1, 160, 8)],
    [153, gsm7(153, 1, 160, 7)],
    [154, gsm7(154, 1, 160, 6)],
    [159, gsm7(159, 1, 160, 1)],
    [160, gsm7(160, 1, 160, 0)],
    [161, gsm7(161, 2, 153, 145)],
    [305, gsm7(305, 2, 153, 1)],
    [306, gsm7(306, 2, 153, 0)],
    [307, gsm7(307, 3, 153, 152)],
    [459, gsm7(459, 3, 153, 0)],
    [460, gsm7(460, 4, 153, 152)],
    [1024, gsm7(1024, 7, 153, 47)],
    [39015, gsm7(39015, 255, 153, 0)],
    [39016, gsm7(39016, 256, 153, 152)],
    [1_000_000, gsm7(1_000_000, 6536, 153, 8)],
  ])('splits %d letters of GSM-7', (length, expected) => {
    expect(segments('a'.repeat(length))).toEqual(expected);
  });

  it.each([
    [1, gsm7(2, 1, 160, 158)],
    [79, gsm7(158, 1, 160, 2)],
    [80, gsm7(160, 1, 160, 0)],
    [81, gsm7(162, 2, 153, 143)],
    [152, gsm7(304, 2, 153, 1)],
    [153, gsm7(306, 3, 153, 151)],
    [228, gsm7(456, 3, 153, 1)],
    [229, gsm7(458, 4, 153, 151)],
    [1024, gsm7(2048, 14, 153, 81)],
    [1_000_000, gsm7(2_000_000, 13158, 153, 17)],
  ])('splits %d escaped characters of GSM-7, with 76 in a part of several', (length, expected) => {
    expect(segments('€'.repeat(length))).toEqual(expected);
  });

  const han = at(0, '中');
  it.each([
    [1, ucs2(1, 1, 70, 69, han)],
    [66, ucs2(66, 1, 70, 4, han)],
    [67, ucs2(67, 1, 70, 3, han)],
    [68, ucs2(68, 1, 70, 2, han)],
    [69, ucs2(69, 1, 70, 1, han)],
    [70, ucs2(70, 1, 70, 0, han)],
    [71, ucs2(71, 2, 67, 63, han)],
    [133, ucs2(133, 2, 67, 1, han)],
    [134, ucs2(134, 2, 67, 0, han)],
    [135, ucs2(135, 3, 67, 66, han)],
    [153, ucs2(153, 3, 67, 48, han)],
    [160, ucs2(160, 3, 67, 41, han)],
    [161, ucs2(161, 3, 67, 40, han)],
    [201, ucs2(201, 3, 67, 0, han)],
    [202, ucs2(202, 4, 67, 66, han)],
    [306, ucs2(306, 5, 67, 29, han)],
    [307, ucs2(307, 5, 67, 28, han)],
    [1024, ucs2(1024, 16, 67, 48, han)],
    [17085, ucs2(17085, 255, 67, 0, han)],
    [1_000_000, ucs2(1_000_000, 14926, 67, 42, han)],
  ])('splits %d characters of one UCS-2 unit', (length, expected) => {
    expect(segments('中'.repeat(length))).toEqual(expected);
  });

  const smile = at(0, '🙂');
  it.each([
    [1, ucs2(2, 1, 70, 68, smile)],
    [33, ucs2(66, 1, 70, 4, smile)],
    [34, ucs2(68, 1, 70, 2, smile)],
    [35, ucs2(70, 1, 70, 0, smile)],
    [36, ucs2(72, 2, 67, 61, smile)],
    [66, ucs2(132, 2, 67, 1, smile)],
    [67, ucs2(134, 3, 67, 65, smile)],
    [70, ucs2(140, 3, 67, 59, smile)],
    [99, ucs2(198, 3, 67, 1, smile)],
    [100, ucs2(200, 4, 67, 65, smile)],
    [1024, ucs2(2048, 32, 67, 65, smile)],
    [500_000, ucs2(1_000_000, 15152, 67, 33, smile)],
  ])('splits %d surrogate pairs, with 33 in a part of several', (length, expected) => {
    expect(segments('🙂'.repeat(length))).toEqual(expected);
  });

  const half = at(0, '\ud83d');
  it.each([
    [1, ucs2(1, 1, 70, 69, half)],
    [70, ucs2(70, 1, 70, 0, half)],
    [71, ucs2(71, 2, 67, 63, half)],
    [134, ucs2(134, 2, 67, 0, half)],
  ])('counts %d lone surrogates as one unit each', (length, expected) => {
    expect(segments('\ud83d'.repeat(length))).toEqual(expected);
  });
});

describe('segments: a character that does not fit moves to the next part', () => {
  const a = (length: number) => 'a'.repeat(length);
  it.each<[string, string, SmsSegments]>([
    ['an escaped character that ends the only part', `${a(158)}€`, gsm7(160, 1, 160, 0)],
    ['an escaped character too many for one part', `${a(159)}€`, gsm7(161, 2, 153, 145)],
    ['an escaped character that begins the only part', `€${a(158)}`, gsm7(160, 1, 160, 0)],
    ['an escaped character across what would be the end, in one part', `${a(152)}€${a(6)}`, gsm7(160, 1, 160, 0)],
    ['an escaped character across the end of the first part', `${a(152)}€${a(7)}`, gsm7(161, 2, 153, 144)],
    ['the same, with the second part full', `${a(152)}€${a(151)}`, gsm7(305, 2, 153, 0)],
    ['the same, with a third part for one letter', `${a(152)}€${a(152)}`, gsm7(306, 3, 153, 152)],
    ['an escaped character that just fits the first part', `${a(151)}€${a(153)}`, gsm7(306, 2, 153, 0)],
    ['an escaped character that begins the second part', `${a(153)}€${a(151)}`, gsm7(306, 2, 153, 0)],
    ['an escaped character across the end of the second part', `${a(305)}€`, gsm7(307, 3, 153, 151)],
    ['one across each of two ends', `${a(152)}€${a(150)}€`, gsm7(306, 3, 153, 151)],
    ['each of ten across the same end', `${a(152)}^{}\\[~]|€\f${a(133)}`, gsm7(305, 2, 153, 0)],
    ['a pair that ends the only part', `${a(68)}🙂`, ucs2(70, 1, 70, 0, at(68, '🙂'))],
    ['a pair too many for one part', `${a(69)}🙂`, ucs2(71, 2, 67, 63, at(69, '🙂'))],
    ['a pair across what would be the end, in one part', `${a(66)}🙂aa`, ucs2(70, 1, 70, 0, at(66, '🙂'))],
    ['a pair across the end of the first part', `${a(66)}🙂${a(3)}`, ucs2(71, 2, 67, 62, at(66, '🙂'))],
    ['the same, with the second part full', `${a(66)}🙂${a(65)}`, ucs2(133, 2, 67, 0, at(66, '🙂'))],
    ['the same, with a third part for one letter', `${a(66)}🙂${a(66)}`, ucs2(134, 3, 67, 66, at(66, '🙂'))],
    ['a pair that just fits the first part', `${a(65)}🙂${a(67)}`, ucs2(134, 2, 67, 0, at(65, '🙂'))],
    ['a pair that begins the second part', `${a(67)}🙂${a(65)}`, ucs2(134, 2, 67, 0, at(67, '🙂'))],
    ['a pair across the end of the second part', `${a(133)}🙂`, ucs2(135, 3, 67, 65, at(133, '🙂'))],
    [
      'two halves that are no pair',
      `${a(66)}\udc00\ud83d${a(66)}`,
      ucs2(134, 2, 67, 0, at(66, '\udc00'), at(67, '\ud83d')),
    ],
    ['a flag, between its two letters', `${a(65)}🇮🇹${a(65)}`, ucs2(134, 2, 67, 0, at(65, '🇮🇹'))],
    ['a letter and its mark, between the two', `${a(66)}e\u0301${a(66)}`, ucs2(134, 2, 67, 0, at(66, 'e\u0301', 'é'))],
  ])('%s', (_, content, expected) => {
    expect(segments(content)).toEqual(expected);
  });
});

describe('segments: GSM-7 in UCS-2', () => {
  it.each<[string, string, SmsSegments]>([
    ['counts escaped characters once', '^{}\\[~]|€\f中', ucs2(11, 1, 70, 59, at(10, '中'))],
    ['lets one character change the size of all', `${'a'.repeat(159)}’`, ucs2(160, 3, 67, 41, at(159, '’', "'"))],
    [
      'names each character once, where it comes first',
      'a’b“c’d”e“',
      ucs2(10, 1, 70, 60, at(1, '’', "'"), at(3, '“', '"'), at(7, '”', '"')),
    ],
    ['counts positions in UTF-16 units', '🙂🙂’', ucs2(5, 1, 70, 65, at(0, '🙂'), at(4, '’', "'"))],
    [
      'tells a letter with marks from the letter, and from the mark alone',
      '\u0301e\u0301e\u0301\u0323',
      ucs2(6, 1, 70, 64, at(0, '\u0301', ''), at(1, 'e\u0301', 'é'), at(3, 'e\u0301\u0323', 'e')),
    ],
    ['takes a family for one character', 'a👨‍👩‍👧', ucs2(9, 1, 70, 61, at(1, '👨‍👩‍👧'))],
    ['takes a thumb and its skin for one character', '👍🏽', ucs2(4, 1, 70, 66, at(0, '👍🏽'))],
    ['takes the flag of England for one character', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', ucs2(14, 1, 70, 56, at(0, '🏴󠁧󠁢󠁥󠁮󠁧󠁿'))],
    ['takes flags in pairs of letters', '🇮🇹🇩🇪🇮', ucs2(10, 1, 70, 60, at(0, '🇮🇹'), at(4, '🇩🇪'), at(8, '🇮'))],
    ['takes the escape itself for outside GSM-7', 'a\u001b', ucs2(2, 1, 70, 68, at(1, '\u001b', ''))],
    [
      'cuts an endless run of marks into characters of 30',
      `a${'\u0301'.repeat(1_000_000)}`,
      ucs2(
        1_000_001,
        14926,
        67,
        41,
        at(0, `a${'\u0301'.repeat(30)}`, 'a'),
        at(31, '\u0301'.repeat(31), ''),
        at(999_998, '\u0301'.repeat(3), ''),
      ),
    ],
  ])('%s', (_, content, expected) => {
    expect(segments(content)).toEqual(expected);
  });
});

// Behaviour that others publish: the tests and issues of TwilioDevEd/message-segment-calculator (#17,
// #18, #39, #57, and the live sends of #66), Codesleuth/split-sms, phlib/sms-length#1.
describe('segments: examples from elsewhere', () => {
  const digits = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => (from + index) % 10).join('');

  it.each<[string, string, SmsSegments]>([
    ['Twilio: 160 digits', digits(1, 160), gsm7(160, 1, 160, 0)],
    ['Twilio: 161 digits', digits(1, 161), gsm7(161, 2, 153, 145)],
    ['Twilio: 307 digits', digits(1, 307), gsm7(307, 3, 153, 152)],
    ['Twilio: an emoji and 68 digits', `😜${digits(2, 69)}`, ucs2(70, 1, 70, 0, at(0, '😜'))],
    ['Twilio: an emoji and 69 digits', `😜${digits(2, 70)}`, ucs2(71, 2, 67, 63, at(0, '😜'))],
    ['Twilio: an emoji and 133 digits', `😜${digits(2, 134)}`, ucs2(135, 3, 67, 66, at(0, '😜'))],
    ['Twilio: a flag and 66 digits', `🇮🇹${digits(2, 67)}`, ucs2(70, 1, 70, 0, at(0, '🇮🇹'))],
    ['Twilio: a flag and 67 digits', `🇮🇹${digits(2, 68)}`, ucs2(71, 2, 67, 63, at(0, '🇮🇹'))],
    ['Twilio: a flag of four and 64 digits', `🏳️‍🌈${digits(2, 65)}`, ucs2(70, 1, 70, 0, at(0, '🏳️‍🌈'))],
    ['Twilio: a flag of four and 65 digits', `🏳️‍🌈${digits(2, 66)}`, ucs2(71, 2, 67, 63, at(0, '🏳️‍🌈'))],
    [
      'Twilio #17: three accents, 70 units',
      `e${'\u0301'.repeat(3)}${'a'.repeat(66)}`,
      ucs2(70, 1, 70, 0, at(0, 'e\u0301\u0301\u0301', 'é')),
    ],
    [
      'Twilio #17: three accents, 71 units',
      `e${'\u0301'.repeat(3)}${'a'.repeat(67)}`,
      ucs2(71, 2, 67, 63, at(0, 'e\u0301\u0301\u0301', 'é')),
    ],
    ['Twilio #18: brackets before an emoji', `this is a ${']'.repeat(74)}😘`, ucs2(86, 2, 67, 48, at(84, '😘'))],
    ['Twilio #39: 153 brackets, sent as three', ']'.repeat(153), gsm7(306, 3, 153, 151)],
    ['Twilio #57: bars around one ∞', `${'|'.repeat(53)}∞${'|'.repeat(16)}`, ucs2(70, 1, 70, 0, at(53, '∞'))],
    ['Twilio #66, live: CR and LF are two', `${'a'.repeat(80)}\r\n${'a'.repeat(79)}`, gsm7(161, 2, 153, 145)],
    ['Twilio #66, live: LF is one', `${'a'.repeat(80)}\n${'a'.repeat(79)}`, gsm7(160, 1, 160, 0)],
    ['Twilio #66, live: 200, CR, LF, 105', `${'a'.repeat(200)}\r\n${'a'.repeat(105)}`, gsm7(307, 3, 153, 152)],
    ['Twilio #66, live: 70 é', 'é'.repeat(70), gsm7(70, 1, 160, 90)],
    ['Twilio #66, live: 70 é in two code points', 'e\u0301'.repeat(70), ucs2(140, 3, 67, 61, at(0, 'e\u0301', 'é'))],
    ['Twilio #66, live: an emoji and a bar', '🙂|', ucs2(3, 1, 70, 67, at(0, '🙂'))],
    ['split-sms: 35 whales', '🐳'.repeat(35), ucs2(70, 1, 70, 0, at(0, '🐳'))],
    ['split-sms: a whale across the end', `${'☃'.repeat(66)}🐳☃☃☃`, ucs2(71, 2, 67, 62, at(0, '☃'), at(66, '🐳'))],
    ['split-sms: 23 whales among 24 snowmen', `☃${'🐳☃'.repeat(23)}`, ucs2(70, 1, 70, 0, at(0, '☃'), at(1, '🐳'))],
    ['sms-length: a bracket across the end', `${'x'.repeat(152)}[${'x'.repeat(151)}.`, gsm7(306, 3, 153, 152)],
  ])('%s', (_, content, expected) => {
    expect(segments(content)).toEqual(expected);
  });
});

describe('segments: any content', () => {
  const gsm7Text = fc.string({
    unit: fc.oneof(fc.constantFrom(...CODES.keys()), fc.constantFrom('€', '[', '|')),
    maxLength: 700,
  });
  const mixed = fc.string({
    unit: fc.constantFrom(
      'a',
      'b',
      ' ',
      '\r\n',
      '€',
      '[',
      'é',
      '’',
      '…',
      'ç',
      '中',
      'я',
      '🙂',
      '🇮',
      '\u200d',
      '\u0301',
      '\ud83d',
      '\ude42',
    ),
    maxLength: 400,
  });
  const anything = fc.oneof(
    gsm7Text,
    mixed,
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.string({ unit: 'grapheme' }),
  );

  /** Really cuts: the parts of a content, each a list of the sizes of its characters. */
  function cut(content: string): SmsSegments {
    const characters = Array.from(content);
    const encoding = characters.every((character) => CODES.has(character)) ? 'gsm-7' : 'ucs-2';
    const sizes = characters.map((character) =>
      encoding === 'gsm-7' ? CODES.get(character)!.length : Buffer.from(character, 'utf16le').length / 2,
    );
    const octets = (part: readonly number[]) =>
      (part.reduce((sum, size) => sum + size, 0) * (encoding === 'gsm-7' ? 7 : 16)) / 8;
    const [bitsPerUnit, all] = [encoding === 'gsm-7' ? 7 : 16, [sizes]];
    const [room, parts] = octets(sizes) <= 140 ? [140, all] : [140 - 6, [] as number[][]];
    if (room < 140) {
      for (const size of sizes) {
        const last = parts.at(-1);
        if (last === undefined || octets([...last, size]) > room) parts.push([size]);
        else last.push(size);
      }
    }
    const unitsPerPart = Math.floor((room * 8) / bitsPerUnit);
    const inLast = parts.at(-1)!.reduce((sum, size) => sum + size, 0);
    const units = sizes.reduce((sum, size) => sum + size, 0);
    return {
      encoding,
      units,
      parts: parts.length,
      unitsPerPart,
      remainingUnits: unitsPerPart - inLast,
      nonGsm7Characters: [],
    };
  }

  it('returns what splitting returns', () => {
    fc.assert(
      fc.property(anything, (content) => {
        expect({ ...segments(content), nonGsm7Characters: [] }).toEqual(cut(content));
      }),
      { numRuns: cases(1000, 300) },
    );
  });

  it('loses at most one unit at the end of each part but the last', () => {
    fc.assert(
      fc.property(anything, (content) => {
        const { units, parts, unitsPerPart, remainingUnits } = segments(content);
        const padding = parts * unitsPerPart - units - remainingUnits;
        expect(padding >= 0).toBe(true);
        expect(padding < parts).toBe(true);
        expect(remainingUnits >= 0).toBe(true);
        expect(remainingUnits <= unitsPerPart).toBe(true);
      }),
      { numRuns: cases(1000, 300) },
    );
  });

  it('loses none if every character is one unit', () => {
    const even = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'é', '\n'), maxLength: 700 }),
      fc.string({ unit: fc.constantFrom('a', '€', '中'), maxLength: 300 }).map((text) => `中${text}`),
    );
    fc.assert(
      fc.property(even, (content) => {
        const { units, parts, unitsPerPart, remainingUnits } = segments(content);
        expect(units + remainingUnits).toBe(parts * unitsPerPart);
      }),
    );
  });

  it('never has fewer parts or fewer units for one character more', () => {
    fc.assert(
      fc.property(
        anything,
        fc.oneof(
          fc.constantFrom('a', '€', '🙂', '中', '\u0301', '\ude42'),
          fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        ),
        (content, more) => {
          expect(segments(content + more).parts).toBeGreaterThanOrEqual(segments(content).parts);
        },
      ),
      { numRuns: cases(1000, 300) },
    );
  });

  it('accepts the remaining units and no more', () => {
    fc.assert(
      fc.property(anything, (content) => {
        const before = segments(content);
        const filled = content + 'a'.repeat(before.remainingUnits);
        expect(segments(filled)).toEqual({ ...before, units: before.units + before.remainingUnits, remainingUnits: 0 });
        expect(segments(`${filled}a`).parts).toBe(before.parts + 1);
      }),
      { numRuns: cases(500, 150) },
    );
  });

  it('lists exactly the characters outside GSM-7, at their first positions', () => {
    fc.assert(
      fc.property(anything, (content) => {
        const { encoding, nonGsm7Characters } = segments(content);
        expect(nonGsm7Characters.map(({ character, position }) => content.startsWith(character, position))).toEqual(
          nonGsm7Characters.map(() => true),
        );
        expect(nonGsm7Characters.map(({ position }) => position)).toEqual(
          nonGsm7Characters.map(({ position }) => position).sort((one, other) => one - other),
        );
        const within = new Set(nonGsm7Characters.flatMap(({ character }) => Array.from(character)));
        const outside = Array.from(content).filter((character) => !CODES.has(character));
        expect(outside.filter((character) => !within.has(character))).toEqual([]);
        expect(encoding).toBe(outside.length === 0 ? 'gsm-7' : 'ucs-2');
      }),
      { numRuns: cases(1000, 300) },
    );
  });

  it('counts the septets that a text of GSM-7 comes back from', () => {
    const characters = new Map(Array.from(CODES, ([character, codes]) => [codes.join(), character]));
    fc.assert(
      fc.property(gsm7Text, (content) => {
        const sent = Array.from(content, (character) => CODES.get(character)!).flat();
        let back = '';
        for (let index = 0; index < sent.length; index++) {
          back += characters.get(sent[index] === ESCAPE ? sent.slice(index, ++index + 1).join() : String(sent[index]))!;
        }
        const { encoding, units } = segments(back);
        expect(back).toEqual(content);
        expect(encoding).toBe('gsm-7');
        expect(units).toEqual(sent.length);
      }),
    );
  });
});
