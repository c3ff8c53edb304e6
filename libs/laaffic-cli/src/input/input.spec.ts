import { Readable } from 'node:stream';
import {
  array,
  asyncProperty,
  assert,
  constantFrom,
  integer,
  record,
  string,
  stringMatching,
  boolean,
} from 'fast-check';
import { layoutOf, rowsOf } from './layout.js';
import type { Input } from './open-input.js';
import { openInput } from './open-input.js';
import type { Row } from './row.js';

const NOTHING_CHOSEN = { column: undefined, orderIdColumn: undefined };

function inputOf(bytes: Buffer, path = '-', pieces = 65_536): Input {
  async function* read() {
    for (let at = 0; at < bytes.length; at += pieces) yield bytes.subarray(at, at + pieces);
  }
  return { path, isFile: false, head: bytes.subarray(0, 69_632), read };
}

async function rows(input: Input, chosen: Partial<typeof NOTHING_CHOSEN> | { column: string } = {}): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rowsOf(input.read(), layoutOf(input, { ...NOTHING_CHOSEN, ...chosen }))) all.push(row);
  return all;
}

const recipients = async (text: string, path?: string, chosen?: { column: string }) =>
  (await rows(inputOf(Buffer.from(text), path), chosen)).map(({ recipient }) => recipient);

describe('CSV', () => {
  it('of any dialect is read as it was written, in pieces of any size, with its lines', async () => {
    const cell = string({
      unit: constantFrom('a', '1', ' ', '"', ',', ';', '\t', '\n', '\r\n', 'ü', '😀'),
      maxLength: 8,
    });
    const dialect = record({
      people: array(
        record({ number: stringMatching(/^\+?[1-9]\d{6,14}$/), id: stringMatching(/^[\w-]{1,12}$/), name: cell }),
        {
          minLength: 1,
          maxLength: 8,
        },
      ),
      delimiter: constantFrom(',', ';', '\t'),
      end: constantFrom('\n', '\r\n', '\r'),
      mark: constantFrom('', '\ufeff'),
      encoding: constantFrom('utf8' as const, 'utf16le' as const),
      endsWithLine: boolean(),
      quotesAll: boolean(),
      pieces: integer({ min: 1, max: 40 }),
    });
    await assert(
      asyncProperty(dialect, async ({ people, delimiter, end, mark, encoding, endsWithLine, quotesAll, pieces }) => {
        const write = (text: string) =>
          quotesAll || /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
        const table = [['Name', 'MSISDN', 'order id'], ...people.map(({ name, number, id }) => [name, number, id])];
        const lines = table.map((row) => row.map(write).join(delimiter));
        const text = lines.join(end) + (endsWithLine ? end : '');
        const bytes = Buffer.from((encoding === 'utf16le' ? '\ufeff' : mark) + text, encoding);
        const expected = people.map(({ number, id }, index) => {
          const until = lines.slice(0, index + 2).join(end);
          return { recipient: { number, orderId: id }, line: until.split(/\r\n|\n|\r/).length };
        });
        expect(await rows(inputOf(bytes, 'x.csv', pieces))).toEqual(expected);
      }),
    );
  });

  it.each<[string, string, { column: string } | undefined, unknown[]]>([
    ['one column without a header', '91850000000\n91850000001\n', undefined, ['91850000000', '91850000001']],
    ['one column with any header', 'Telefonnummer\n91850000000\n', undefined, ['91850000000']],
    ['a column by name', 'id,Ruf-Nummer\n1,91850000000\n', { column: 'ruf nummer' }, ['91850000000']],
    ['a column by place, with a header', 'id;Ruf\n1;91850000000\n', { column: '2' }, ['91850000000']],
    ['a column by place, without', '1\t91850000000\n', { column: '2' }, ['91850000000']],
    ['number before its other names', 'to,number\n1,91850000000\n', undefined, ['91850000000']],
    ['ends of lines mixed', '91850000000\r\n91850000001\n91850000002\r91850000003', undefined, numbersTo(4)],
    ['blank rows', 'number,x\n\n,\n91850000000,\n', undefined, ['91850000000']],
    ['short and long rows', 'x,number\n1\n1,91850000000,3,4\n', undefined, ['', '91850000000']],
    ['a quote inside a cell', 'x,number\n5" pipe,91850000000\n', undefined, ['91850000000']],
  ])('has %s', async (_, text, chosen, expected) => {
    expect(await recipients(text, 'x.csv', chosen)).toEqual(expected);
  });

  it.each([
    [{ column: 'phone' }, 'there is no column "phone" (--column): the first row has 2 cells'],
    [{ column: '3' }, 'there is no column "3" (--column): the first row has 2 cells'],
    [{ orderIdColumn: 'x' }, 'there is no column "x" (--order-id-column): the first row has 2 cells'],
  ])('without the column %j is refused', async (chosen, message) => {
    await expect(rows(inputOf(Buffer.from('number,id\n1,2\n'), 'x.csv'), chosen as { column: string })).rejects.toThrow(
      message,
    );
  });

  it('of another encoding is read, but an id that was damaged is refused', async () => {
    const latin = inputOf(Buffer.from('name;number;orderId\nJ\xfcrgen;91850000000;\xfc-1\n', 'latin1'), 'x.csv');
    expect((await rows(latin)).map(({ recipient }) => recipient)).toEqual([
      { number: '91850000000', orderId: '\ufffd-1 (not UTF-8)' },
    ]);
  });

  it('is refused where it is UTF-16 without a mark', async () => {
    await expect(rows(inputOf(Buffer.from('number\n1', 'utf16le'), 'x.csv'))).rejects.toThrow('has NUL characters');
  });

  it('never joins two numbers, nor the digits after a point, into one', async () => {
    expect(await recipients('number,x\n"9185000\n1234567",\n91850000000.0,\n"91850000000,00",\n', 'x.csv')).toEqual([
      '"9185000\\n1234567"',
      '"91850000000.0"',
      '"91850000000,00"',
    ]);
  });

  it('takes no more memory for a quote that is not closed', async () => {
    const endless = `number\n"${'9'.repeat(200_000)}\n`;
    await expect(recipients(endless, 'x.csv')).rejects.toThrow('line 2: the row is too long');
  });

  it('hands on that it could not be read', async () => {
    const input = inputOf(Buffer.from('number\n1\n'), 'x.csv');
    const broken = { ...input, read: () => Readable.from(failing()) as AsyncIterable<Buffer> };
    await expect(rows(broken)).rejects.toThrow('disk on fire');
  });
});

it('text has a number a line, whatever else is in it', async () => {
  const input = inputOf(Buffer.from('\ufeff91850000000\r\n\r\n 91850000001;91850000002 \r91850000003\r'), 'x.TXT', 1);
  expect(await rows(input)).toEqual([
    { recipient: '91850000000', line: 1 },
    { recipient: ' 91850000001;91850000002 ', line: 3 },
    { recipient: '91850000003', line: 4 },
  ]);
  await expect(recipients('1\n', 'x.txt', { column: '1' })).rejects.toThrow('a text file has no columns');
});

it('JSON Lines have numbers, texts and objects; what is neither is left to be refused', async () => {
  const text = [
    '"91850000000"',
    '91850000001',
    '{"Mobile":91850000002,"order_id":7}',
    '{"to":null}',
    '[1]',
    '{',
    '1.5',
  ];
  expect(await recipients(text.join('\n'), 'x.ndjson')).toEqual([
    ...['91850000000', '91850000001', { number: '91850000002', orderId: '7' }, '', '"[1]"', '"{"', '"1.5"'],
  ]);
  expect(await recipients('{"a b":"91850000000","number":"1"}', '-', { column: 'a_b' })).toEqual(['91850000000']);
});

describe('a pipe', () => {
  it('is read whole, though its beginning was read before', async () => {
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(4000, i));
    const input = await openInput('-', Readable.from(pieces));
    const read: Buffer[] = [];
    for await (const chunk of input.read()) read.push(chunk);
    expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
    expect([input.isFile, input.head.length]).toEqual([false, 72_000]);
  });
});

function numbersTo(count: number): string[] {
  return Array.from({ length: count }, (_, i) => String(91_850_000_000 + i));
}

async function* failing() {
  yield Buffer.from('number\n');
  throw new Error('disk on fire');
}
