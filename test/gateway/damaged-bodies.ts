import fc from 'fast-check';

type Dice = (sides: number) => number;

const DEPTH = 1_000;

/** JSON as text, because a value cannot hold `1e400` or a key twice; some are not JSON at all. */
const STRANGE_VALUES = [
  ...['null', 'true', 'false', '[]', '{}', '[[]]', '[null]', '[{}]', '""', '" "'],
  ...['0', '-0', '1', '-1', '2', '7', '1.5', '-1e-7', '1e21', '1e400', '-1e400'],
  ...['9007199254740993', '8640000000000001', '"99999999999999"', '"0000000000"'],
  ...['2304252117461165117', '1'.repeat(400), '"0"', '" 0 "', '"-1"', '"2"', '"-9"', '"1e5"', '"0x10"', '"٣"'],
  ...['NaN', 'Infinity', 'undefined', '"NaN"', '"Infinity"', '"null"', '"[object Object]"'],
  ...['"2021-02-30T25:61:61+08:00"', '"+275760-09-13T00:00:00.001Z"', '"Z"'],
  ...['"\\ud800"', '"\udfff"', '"\\u0000"', '"\u2028"', '"\\x"', `"${'9'.repeat(2_000)}"`, `"${'$& '.repeat(500)}"`],
  ...['{"__proto__":{"status":"0"}}', '{"toString":1,"valueOf":null}', '{"length":-1,"0":{}}', '{"toJSON":"x"}'],
  ...['['.repeat(DEPTH) + ']'.repeat(DEPTH), '{"a":'.repeat(DEPTH) + '0' + '}'.repeat(DEPTH)],
  ...fc.sample(fc.json(), { seed: 1, numRuns: 200 }),
];

const STRANGE_KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'length',
  'then',
  '',
  ' ',
  '\ud800',
  'status',
  'msgId',
].map((key) => `${JSON.stringify(key)}:`);

/** Documented answers with wrong values, keys missing, renamed or twice, cut and flipped as text; and JSON of any kind. */
export function* damagedBodies(answers: readonly unknown[], count: number): Generator<string> {
  const dice = seededDice();
  const parts = answers.map(partsOf);
  for (let made = 0; made < count; made++) {
    const body = dice(25) === 0 ? oneOf(STRANGE_VALUES, dice) : withStrangeParts(oneOf(parts, dice), dice);
    yield dice(4) === 0 ? damagedText(body, dice) : body;
  }
}

/** Marsaglia's xorshift, from a seed: generators of fast-check would take the better part of a test's time. */
function seededDice(): Dice {
  let state = 20_210_212;
  return (sides) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % sides;
  };
}

function oneOf<T>(list: readonly T[], dice: Dice): T {
  return list[dice(list.length)]!;
}

/** A value taken apart once, to be written many times: its text, or its members with the text of their keys. */
type Parts = string | { readonly brackets: '[]' | '{}'; readonly members: readonly (readonly [string, Parts])[] };

function partsOf(value: unknown): Parts {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return Array.isArray(value)
    ? { brackets: '[]', members: value.map((item) => ['', partsOf(item)]) }
    : {
        brackets: '{}',
        members: Object.entries(value).map(([name, member]) => [`${JSON.stringify(name)}:`, partsOf(member)]),
      };
}

function withStrangeParts(parts: Parts, dice: Dice): string {
  if (dice(40) === 0) return oneOf(STRANGE_VALUES, dice);
  if (typeof parts === 'string') return parts;
  const { brackets, members } = parts;
  let text = '';
  for (const [key, member] of members) {
    const roll = dice(80);
    if (roll === 0) continue;
    if (text !== '') text += ',';
    text += (roll === 1 && key !== '' ? oneOf(STRANGE_KEYS, dice) : key) + withStrangeParts(member, dice);
    if (roll === 2) text += `,${key}${withStrangeParts(member, dice)}`;
  }
  return brackets === '[]' ? `[${text}]` : `{${text}}`;
}

function damagedText(body: string, dice: Dice): string {
  const at = dice(body.length + 1);
  switch (dice(4)) {
    case 0:
      return body.slice(0, at);
    case 1:
      return body.slice(0, at) + body.slice(at + dice(8));
    case 2:
      return body.slice(0, at) + oneOf(STRANGE_VALUES, dice) + body.slice(at);
    default: {
      const bytes = Buffer.from(body);
      if (bytes.length > 0) bytes[dice(bytes.length)]! ^= 1 << dice(8);
      return bytes.toString();
    }
  }
}
