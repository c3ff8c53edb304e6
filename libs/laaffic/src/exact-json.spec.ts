import fc from 'fast-check';
import { cases } from '../../../test/cases.js';
import { parseExactly } from './exact-json.js';

it.each([
  ['9007199254740991', 9007199254740991],
  ['9007199254740992', '9007199254740992'],
  ['9007199254740993', '9007199254740993'],
  ['-9007199254740993', '-9007199254740993'],
  ['[1,12345678901234567890 ,{"a":2304252117461165117}]', [1, '12345678901234567890', { a: '2304252117461165117' }]],
  [
    '{"a 9007199254740993":": 9007199254740993,\\" 9007199254740993 "}',
    { 'a 9007199254740993': ': 9007199254740993," 9007199254740993 ' },
  ],
  ['[9007199254740993,"x\\\\",9007199254740993]', ['9007199254740993', 'x\\', '9007199254740993']],
  [
    '[0.1234567890123456,1e400,1e21,1234567890123456789.5]',
    [0.1234567890123456, Infinity, 1e21, Number('1234567890123456789.5')],
  ],
  ['\uFEFF{"a":1}', { a: 1 }],
  ['0000000000000000', undefined],
  ['{"a":1', undefined],
])('parses %s', (json, value) => {
  if (value === undefined) expect(() => parseExactly(json)).toThrow(SyntaxError);
  else expect(parseExactly(json)).toEqual(value);
});

it('parses what is nested thousands of levels deep', () => {
  expect(Array.isArray(parseExactly('['.repeat(30_000) + ']'.repeat(30_000)))).toBe(true);
});

it('is what JSON.parse is, except for whole numbers that it would round', () => {
  const long = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n });
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(null, true, false),
      fc.string(),
      fc.double({ noDefaultInfinity: true, noNaN: true }).filter((value) => !Number.isInteger(value)),
      long,
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(
        fc.string().filter((key) => key !== '__proto__'),
        tie('json'),
        { maxKeys: 4 },
      ),
    ),
  }));
  const write = (value: unknown): string => {
    if (typeof value === 'bigint') return String(value);
    if (Array.isArray(value)) return `[ ${value.map(write).join(' ,')}]`;
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    return `{${Object.entries(value)
      .map(([key, member]) => `${JSON.stringify(key)}: ${write(member)} `)
      .join()}}`;
  };
  const exact = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    if (Array.isArray(value)) return value.map(exact);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exact(member)]));
  };
  fc.assert(
    fc.property(json, (value) => {
      expect(parseExactly(write(value))).toEqual(exact(value));
    }),
    { numRuns: cases(2000, 500) },
  );
});
