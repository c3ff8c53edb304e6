import {
  array,
  asyncProperty,
  assert,
  boolean,
  constantFrom,
  integer,
  record,
  string,
  stringMatching,
  uint8Array,
} from 'fast-check';
import { cases } from '../../../../test/cases.js';
import { RecipientFileError } from './recipient-file.error.js';
import type { FileRecipient } from './file-recipient.js';
import { readRecipientFile, type RecipientFileOptions } from './recipient-file.js';

type Options = Partial<RecipientFileOptions>;

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
}

async function read(bytes: Uint8Array | string, options: Options = {}, size = 65_536): Promise<FileRecipient[]> {
  const all: FileRecipient[] = [];
  const chosen: RecipientFileOptions = { format: 'csv', ...options };
  for await (const row of readRecipientFile(inPieces(Buffer.from(bytes), size), chosen)) all.push(row);
  return all;
}

/** The number and order id of each row, or its problem. */
async function rowsOf(text: string, options: Options = {}): Promise<unknown[]> {
  return (await read(text, options)).map((row) =>
    'problem' in row ? row.problem : row.orderId === undefined ? row.number : [row.number, row.orderId],
  );
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(91_850_000_000 + i));

describe('a CSV', () => {
  it('of any dialect is read as it was written, in chunks of any size, with its lines', async () => {
    const cell = string({
      unit: constantFrom('a', '1', ' ', '"', ',', ';', '\t', '\n', '\r\n', 'ü', '😀'),
      maxLength: 8,
    });
    const dialect = record({
      people: array(
        record({ number: stringMatching(/^[1-9]\d{6,14}$/), id: stringMatching(/^\w[\w-]{0,11}$/), name: cell }),
        { minLength: 1, maxLength: 8 },
      ),
      delimiter: constantFrom(',', ';', '\t'),
      separatorLine: constantFrom('', 'sep='),
      end: constantFrom('\n', '\r\n', '\r'),
      encoding: constantFrom('utf8' as const, 'utf-8 with a mark' as const, 'utf16le' as const, 'utf16be' as const),
      endsWithLine: boolean(),
      quotesAll: boolean(),
      pieces: integer({ min: 1, max: 40 }),
    });
    await assert(
      asyncProperty(
        dialect,
        async ({ people, delimiter, separatorLine, end, encoding, endsWithLine, quotesAll, pieces }) => {
          const write = (text: string) =>
            quotesAll || /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
          const table = [['Name', 'MSISDN', 'order id'], ...people.map(({ name, number, id }) => [name, number, id])];
          const first = separatorLine === '' ? [] : [separatorLine + delimiter];
          const lines = [...first, ...table.map((row) => row.map(write).join(delimiter))];
          const text = lines.join(end) + (endsWithLine ? end : '');
          const expected = people.map(({ number, id }, index) => {
            const until = lines.slice(0, first.length + index + 2).join(end);
            return { number, orderId: id, line: until.split(/\r\n|\n|\r/).length };
          });
          expect(await read(encoded(text, encoding), {}, pieces)).toEqual(expected);
        },
      ),
      { numRuns: cases(300, 40) },
    );
  });

  it.each<[string, string, Options, unknown[]]>([
    ['one column without a header', '91850000000\n91850000001\n', {}, numbers(2)],
    ['one column with any header', 'Telefonnummer\n91850000000\n', {}, numbers(1)],
    ['one column with a header that has a digit', 'Phone 2\n91850000000\n', {}, numbers(1)],
    ['one column that begins with a wrong number', '12345\n91850000000\n', {}, ['12345', ...numbers(1)]],
    ['a column by name', 'x,Ruf-Nummer\n1,91850000000\n', { numberColumn: 'ruf nummer' }, numbers(1)],
    ['a column by place, with a header', 'x;Ruf\n1;91850000000\n', { numberColumn: '2' }, numbers(1)],
    ['a column by place, without', '1\t91850000000\n', { numberColumn: '2' }, numbers(1)],
    ['the column that is chosen of two', 'to,number\n1,91850000000\n', { numberColumn: 'number' }, numbers(1)],
    ['order ids', 'Order ID,phone\no-1,91850000000\n ,91850000001\n', {}, [['91850000000', 'o-1'], '91850000001']],
    ['order ids of another name', 'ref,number\no-1,91850000000\n', { orderIdColumn: 'REF' }, [['91850000000', 'o-1']]],
    ['order ids by place', 'o-1,91850000000\n', { numberColumn: '2', orderIdColumn: '1' }, [['91850000000', 'o-1']]],
    ['no order ids', 'customer_id,number\n1,91850000000\n', { orderIdColumn: 'none' }, numbers(1)],
    ['other columns', 'name,paid,city,number\nA,1,B,91850000000\n', {}, numbers(1)],
    ['ends of lines mixed', '91850000000\r\n91850000001\n91850000002\r91850000003', {}, numbers(4)],
    ['blank rows', 'number,x\n\n,\n91850000000,\n', {}, numbers(1)],
    ['short rows', 'x,number\n1\n1,91850000000\n', {}, ['', '91850000000']],
    [
      'a cell too many',
      'x,number\n1,2,91850000000\n1,91850000001,\n',
      {},
      ['has more cells than the first row', '91850000001'],
    ],
    [
      'what spreadsheets were kept from taking for formulas',
      "number,orderId\n'+91850000000,'=1\n",
      {},
      [['+91850000000', '=1']],
    ],
    ['ids of many digits', 'number,orderId\n91850000000,9007199254740993\n', {}, [['91850000000', '9007199254740993']]],
    ['the delimiter that its rows agree on', 'a;b,number\nx,91850000000\ny,91850000001\n', {}, numbers(2)],
    ['a delimiter that is named', 'sep=|\nx|number\n1|91850000000\n', {}, numbers(1)],
    ['nothing', '', {}, []],
  ])('may have %s', async (_, text, options, expected) => {
    expect(await rowsOf(text, options)).toEqual(expected);
  });

  const UNNAMED =
    'the first row has 2 cells, and none is named number, phone, mobile, msisdn, to: choose the one with the numbers';
  it.each<[string, string, Options, string, string | undefined]>([
    [
      'two columns for the numbers',
      'Number,Phone\n1,2\n',
      {},
      'line 1: the numbers may be in the columns "Number" and "Phone": choose one',
      'numberColumn',
    ],
    [
      'the same name twice',
      'sep=,\nnumber,number\n1,2\n',
      {},
      'line 2: the numbers may be in the columns "number" and "number": choose one',
      'numberColumn',
    ],
    ['none', 'a,b\n1,2\n', {}, `line 1: ${UNNAMED}`, 'numberColumn'],
    [
      'an order id of another name',
      'number,Order No\n1,2\n',
      {},
      'line 1: order ids may be in the column "Order No": choose one, or none',
      'orderIdColumn',
    ],
    [
      'another',
      'number,customerId\n1,2\n',
      {},
      'line 1: order ids may be in the column "customerId": choose one, or none',
      'orderIdColumn',
    ],
    [
      'two of them',
      'order_id,number,OrderID\n1,2,3\n',
      {},
      'line 1: order ids may be in the columns "order_id" and "OrderID": choose one, or none',
      'orderIdColumn',
    ],
    [
      'a column that is not there',
      'number,x\n1,2\n',
      { numberColumn: 'phone' },
      'line 1: there is no column "phone": the first row has 2 cells',
      'numberColumn',
    ],
    [
      'a place that is not there',
      'number,x\n1,2\n',
      { numberColumn: '3' },
      'line 1: there is no column "3": the first row has 2 cells',
      'numberColumn',
    ],
    [
      'an order id that is not there',
      'number,x\n1,2\n',
      { orderIdColumn: 'y' },
      'line 1: there is no column "y": the first row has 2 cells',
      'orderIdColumn',
    ],
    [
      'a name that two columns have',
      'a,a\n1,2\n',
      { numberColumn: 'A' },
      'line 1: there are 2 columns "A": choose by position',
      'numberColumn',
    ],
    [
      'a stray quote',
      'x,number\n5" pipe,91850000000\n',
      {},
      'line 2: a quote is in a wrong place; inside a quoted cell, write it twice',
      undefined,
    ],
    [
      'a quote behind a quoted cell',
      'x,number\n"5" pipe",91850000000\n',
      {},
      'line 2: a quote is in a wrong place; inside a quoted cell, write it twice',
      undefined,
    ],
    [
      'a quote that is not closed',
      'number\n91850000000\n"91850000001\n',
      {},
      'line 3: a quote is not closed by the end',
      undefined,
    ],
    [
      'two numbers in a cell',
      'number,x\n"91850000000\n91850000001",\n',
      {},
      'line 3: a cell has several lines: is a quote not closed?',
      undefined,
    ],
    [
      'an endless quote',
      `number\n"${'9'.repeat(200_000)}\n`,
      {},
      'line 2: the row is too long: is a quote not closed, or is this not a CSV?',
      undefined,
    ],
    ['thousands of cells', `number\n${','.repeat(2_000)}\n`, {}, 'line 2: the row has more than 1000 cells', undefined],
  ])('with %s is rejected, with the choice', async (_, text, options, message, choice) => {
    const error: unknown = await read(text, options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RecipientFileError);
    expect(error).toMatchObject({ message, choice, code: 'LAAFFIC_UNREADABLE_FILE' });
  });
});

describe('a file', () => {
  const gbk = Buffer.from([...Buffer.from('number,orderId\n91850000000,'), 0xb6, 0xa9, 0xb5, 0xa5, 0x0a]);

  it('in another encoding is read if the encoding is given', async () => {
    expect(await read(gbk, { encoding: 'GBK' })).toEqual([{ number: '91850000000', orderId: '订单', line: 2 }]);
    const latin = Buffer.from('name;number\nJ\xfcrgen;91850000000\n', 'latin1');
    expect(await read(latin, { encoding: 'iso-8859-1' })).toEqual([{ number: '91850000000', line: 2 }]);
  });

  it.each<[string, Uint8Array, Options, string]>([
    ['another encoding', gbk, {}, 'line 2: byte 28 of the file is not UTF-8: save it in UTF-8, or give its encoding'],
    [
      'half a character at the end',
      Buffer.from('91850000000,ü').subarray(0, -1),
      {},
      'line 1: byte 13 of the file is not UTF-8: save it in UTF-8, or give its encoding',
    ],
    ['the wrong encoding', Buffer.from([0x31, 0x81, 0x20, 0x32]), { encoding: 'gbk' }, 'it is not text in GBK'],
    ['an unknown encoding', gbk, { encoding: 'klingon' }, 'its encoding is unknown: save it in UTF-8'],
    [
      'UTF-16 without a mark',
      Buffer.from('number\n1', 'utf16le'),
      {},
      'it has NUL characters, so it is not text in UTF-8',
    ],
    ['half of UTF-16', encoded('number\n1', 'utf16le').subarray(0, -1), {}, 'it is not text in UTF-16LE'],
  ])('in %s is rejected with its position', async (_, bytes, options, message) => {
    for (const size of [1, 5, 65_536])
      await expect(read(bytes, options, size)).rejects.toThrow(new RecipientFileError(message));
  });

  it('of any bytes is read or rejected with a position, in chunks of any size', async () => {
    const any = array(uint8Array({ maxLength: 6 }), { maxLength: 8 });
    await assert(
      asyncProperty(
        any,
        integer({ min: 1, max: 9 }),
        constantFrom('csv' as const, 'ndjson' as const, 'text' as const),
        async (parts, size, format) => {
          const bytes = Buffer.concat(parts.flatMap((part) => [Buffer.from('91850000000\n'), part]));
          const results = await Promise.all(
            [size, 65_536].map((pieces) => read(bytes, { format }, pieces).catch((error: unknown) => error)),
          );
          const [first, second] = results;
          // What is found first may depend on the pieces.
          if (first instanceof Error)
            expect([first, second].every((one) => one instanceof RecipientFileError)).toBe(true);
          else expect(second).toEqual(first);
        },
      ),
      { numRuns: cases(2000, 200) },
    );
  });

  it('that cannot be read fails with the error of its source', async () => {
    async function* failing() {
      yield await Promise.resolve(Buffer.from('number\n1\n'));
      throw new Error('disk on fire');
    }
    const reading = async () => {
      for await (const row of readRecipientFile(failing(), { format: 'csv' }))
        expect(row).toEqual({ number: '1', line: 2 });
    };
    await expect(reading()).rejects.toThrow('disk on fire');
  });
});

it('a text file has one number per line, whatever else is in it', async () => {
  const text = '\ufeff91850000000\r\n\r\n 91850000001;91850000002 \r91850000003\r';
  expect(await read(text, { format: 'text' }, 1)).toEqual([
    { number: '91850000000', line: 1 },
    { number: ' 91850000001;91850000002 ', line: 3 },
    { number: '91850000003', line: 4 },
  ]);
});

describe('NDJSON', () => {
  it('has numbers, texts and objects; other values are returned with a problem', async () => {
    const lines = [
      '"91850000000"',
      '91850000001',
      '{"Mobile":91850000002,"order_id":9007199254740993}',
      '{"number":"91850000003","orderId":null}',
      '{"to":null}',
      '{"orderId":"o"}',
      '{"number":"1","phone":"2"}',
      '{"number":"1","orderId":{}}',
      '{"number":"1","orderID":"a","order_id":"b"}',
      '{"number":"1","name":"x"}',
      '[1]',
      '{',
      '1.5',
    ];
    expect(await rowsOf(lines.join('\n'), { format: 'ndjson' })).toEqual([
      '91850000000',
      '91850000001',
      ['91850000002', '9007199254740993'],
      '91850000003',
      'has a number that is not text',
      'has no number',
      'has several fields with a number',
      'has an order id that is not text',
      'has several fields with an order id',
      'has an unknown field; known are number and orderId',
      'is not a recipient',
      'is not JSON',
      'is not a recipient',
    ]);
  });

  it('may have other fields if the field of the numbers is chosen', async () => {
    const text = '{"a b":"91850000000","number":"1","ref":7}\n{"x":1}';
    expect(await rowsOf(text, { format: 'ndjson', numberColumn: 'a_b', orderIdColumn: 'ref' })).toEqual([
      ['91850000000', '7'],
      'has no number',
    ]);
  });

  it('is rejected if its first line is not JSON', async () => {
    await expect(read('number\n1\n', { format: 'ndjson' })).rejects.toThrow(
      'line 1: it is not JSON: write one JSON value per line',
    );
  });
});

function encoded(text: string, encoding: 'utf8' | 'utf-8 with a mark' | 'utf16le' | 'utf16be'): Buffer {
  if (encoding === 'utf8') return Buffer.from(text);
  if (encoding === 'utf-8 with a mark') return Buffer.from(`\ufeff${text}`);
  const little = Buffer.from(`\ufeff${text}`, 'utf16le');
  return encoding === 'utf16le' ? little : little.swap16();
}
