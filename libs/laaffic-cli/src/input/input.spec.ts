import { Readable } from 'node:stream';
import { detectLayout, readRows } from './layout.js';
import { openInput, type Input } from './open-input.js';

const NOTHING_CHOSEN = { numberColumn: undefined, orderIdColumn: undefined, encoding: undefined };

function inputOf(path: string, content: string | Buffer): Input {
  const bytes = Buffer.from(content);
  return { path, isFile: false, head: bytes.subarray(0, 4096), read: () => Readable.from([bytes]) };
}

describe('detectLayout', () => {
  it.each([
    ['x.csv', '{"number":1}', 'csv'],
    ['x.TSV', '', 'csv'],
    ['x.txt', '{', 'text'],
    ['x.jsonl', '91850000000', 'ndjson'],
    ['x.ndjson', '', 'ndjson'],
    ['-', '91850000000\n', 'csv'],
    ['-', ' \n{"number":"1"}\n', 'ndjson'],
    ['-', '\ufeff{"number":"1"}\n', 'ndjson'],
    ['x.dat', Buffer.from('\ufeff{"number":"1"}\n', 'utf16le'), 'ndjson'],
    ['x.dat', Buffer.from('\ufeffnumber\n{', 'utf16le'), 'csv'],
  ])('reads %j that starts with %j as %s', (path, content, format) => {
    expect(detectLayout(inputOf(path, content), NOTHING_CHOSEN).format).toBe(format);
  });

  it('rejects a column of a text file', () => {
    expect(() => detectLayout(inputOf('x.txt', ''), { ...NOTHING_CHOSEN, numberColumn: '1' })).toThrow(
      'a text file has no columns',
    );
  });

  it('makes readRows name the flag that chooses a column', async () => {
    const reading = async (text: string) => {
      const input = inputOf('x.csv', text);
      for await (const row of readRows(input.read(), detectLayout(input, NOTHING_CHOSEN))) expect(row).toBeUndefined();
    };
    await expect(reading('to,phone\n1,2\n')).rejects.toThrow(
      'line 1: the numbers may be in the columns "to" and "phone": choose one, with --number-column <name or place>',
    );
    await expect(reading('to,ref\n1,2\n')).rejects.toThrow(
      'choose one, or none, with --order-id-column <name or place>',
    );
  });
});

it('openInput reads a pipe whole, including its head', async () => {
  const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(400, i));
  const input = await openInput('-', Readable.from(pieces));
  const read: Buffer[] = [];
  for await (const chunk of input.read()) read.push(chunk);
  expect(Buffer.concat(read).equals(Buffer.concat(pieces))).toBe(true);
  expect(input.isFile).toBe(false);
  expect(input.head).toHaveLength(4400);
});
