import { OrderIdGenerator } from '../messages/order-ids.js';
import type { RecipientInput } from '../messages/recipients.js';
import { Randomness } from '../randomness.js';
import { Chunks, type Chunk, type ChunkPlan, type RecipientSource } from './chunks.js';
import { Positions } from './positions.js';

const [A, B, C, D] = ['91856321412', '91856321413', '91856321414', '91856321415'] as const;

class FixedOrderIds extends OrderIdGenerator {
  override prefix() {
    return 'run';
  }
}

function open(source: RecipientSource, plan: Partial<ChunkPlan> = {}) {
  const orderIds = new FixedOrderIds(new Randomness());
  return new Chunks(source, { size: 2, duplicates: 'keep', processed: new Positions(), orderIds, ...plan });
}

async function all(chunks: Chunks): Promise<Chunk[]> {
  const list: Chunk[] = [];
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) list.push(chunk);
  return list;
}

const chunk = (first: number, count: number, recipients: [string, string, number][], rest: Partial<Chunk> = {}) => ({
  first,
  count,
  orderIds: 'run',
  recipients: recipients.map(([number, orderId, position]) => ({ number, orderId, position })),
  rejected: [],
  dropped: 0,
  ...rest,
});

async function* slowly(entries: readonly RecipientInput[]) {
  for (const entry of entries) yield await Promise.resolve(entry);
}

describe('Chunks', () => {
  const entries = [`+${A}`, { number: B, orderId: 'mine' }, C];
  const expected = [
    chunk(0, 2, [
      [A, 'run.0', 0],
      [B, 'mine', 1],
    ]),
    chunk(2, 1, [[C, 'run.0', 2]]),
  ];

  it.each<[string, () => RecipientSource]>([
    ['a list', () => entries],
    ['a set', () => new Set(entries)],
    ['a generator', () => entries.values()],
    ['an asynchronous one', () => slowly(entries)],
  ])('divides %s into full chunks, in order, with positions', async (_, source) => {
    expect(await all(open(source()))).toEqual(expected);
  });

  it('returns no chunk for an empty source', async () => {
    expect(await all(open([]))).toEqual([]);
  });

  it('rejects each wrong entry with its position, and continues', async () => {
    const known = { problem: 'has more cells than the first row', input: '1,2,3', orderId: 'o' };
    const wrong = ['x', 7, null, { number: B, orderId: 'a,b' }, { number: '12' }, ['91856321412'], {}, known];
    const [only, ...none] = await all(open([A, ...wrong, B] as RecipientInput[], { size: 50 }));
    const noRecipient = 'must be a phone number as text, or an object { number, orderId }';
    const rejected = [
      ['x', '', '[1] must be a phone number with country code: it contains “x”, which is not part of a number'],
      ['', '', `[2] ${noRecipient}`],
      ['', '', `[3] ${noRecipient}`],
      [B, 'a,b', '[4].orderId must be text of 1 to 64 characters without commas, blanks or control characters'],
      ['12', '', '[5].number must be a phone number with country code: it has 2 digits, and numbers have 7 to 15'],
      ['', '', `[6] ${noRecipient}`],
      ['', '', '[7].number must be a phone number with country code, but is missing'],
      ['1,2,3', 'o', '[8] has more cells than the first row'],
    ].map(([number, orderId, reason], index) => ({
      ...{ number, orderId, reason },
      code: 'LAAFFIC_INVALID_COMMAND',
      position: index + 1,
    }));
    expect(none).toEqual([]);
    expect(only).toEqual({
      ...chunk(0, 10, [
        [A, 'run.0', 0],
        [B, 'run.9', 9],
      ]),
      rejected,
    });
  });

  it('has each order id once: a repeated one is replaced by a generated one', async () => {
    const entry = (number: string) => ({ number, orderId: 'same' });
    const [first, second] = await all(open([entry(A), entry(B), entry(C), D]));
    expect(first).toMatchObject({
      recipients: [
        { number: A, orderId: 'same' },
        { number: B, orderId: 'run.1' },
      ],
      rejected: [],
    });
    expect(second).toMatchObject({
      recipients: [
        { number: C, orderId: 'same' },
        { number: D, orderId: expect.any(String) },
      ],
      rejected: [],
    });
  });

  it('limits the rejected entries of a chunk, whatever the source has', async () => {
    const chunks = await all(open(new Array<string>(5).fill('x')));
    expect(chunks.map(({ first, count, rejected }) => [first, count, rejected.length])).toEqual([
      [0, 2, 2],
      [2, 2, 2],
      [4, 1, 1],
    ]);
  });
});

describe('Chunks with a repeated number', () => {
  const entries = [A, `+${A}`, B, { number: A, orderId: 'again' }, B];

  it('keeps it by default', async () => {
    const chunks = await all(open(entries, { size: 9 }));
    expect(chunks.map(({ recipients }) => recipients.map(({ position }) => position))).toEqual([[0, 1, 2, 3, 4]]);
  });

  it('drops and counts it', async () => {
    expect(await all(open(entries, { duplicates: 'drop' }))).toEqual([
      chunk(
        0,
        3,
        [
          [A, 'run.0', 0],
          [B, 'run.2', 2],
        ],
        { dropped: 1 },
      ),
      chunk(3, 2, [], { dropped: 2 }),
    ]);
  });

  it('rejects it with its position', async () => {
    const [only] = await all(open(entries, { duplicates: 'reject', size: 9 }));
    expect(only!.rejected.map(({ number, orderId, code, position }) => [number, orderId, code, position])).toEqual([
      [A, 'run.1', 'LAAFFIC_DUPLICATE_RECIPIENT', 1],
      [A, 'again', 'LAAFFIC_DUPLICATE_RECIPIENT', 3],
      [B, 'run.4', 'LAAFFIC_DUPLICATE_RECIPIENT', 4],
    ]);
  });

  it('counts a number as repeated that an earlier run processed', async () => {
    const processed = new Positions([[0, 1]]);
    expect(await all(open(entries, { duplicates: 'drop', processed, size: 9 }))).toEqual([
      chunk(1, 4, [[B, 'run.1', 2]], { dropped: 3 }),
    ]);
  });
});

it('Chunks leaves out processed positions, which end a chunk', async () => {
  const processed = new Positions([
    [0, 2],
    [3, 4],
  ]);
  const chunks = await all(open([A, 'x', B, C, D, A], { processed, size: 9 }));
  expect(chunks).toEqual([
    chunk(2, 1, [[B, 'run.0', 2]]),
    chunk(4, 2, [
      [D, 'run.0', 4],
      [A, 'run.1', 5],
    ]),
  ]);
});

it('Chunks reads a source no further than requested, and closes it early', async () => {
  let read = 0;
  let isClosed = false;
  function* numbers() {
    try {
      for (;;) {
        read++;
        yield A;
      }
    } finally {
      isClosed = true;
    }
  }
  const chunks = open(numbers());
  await chunks.next();
  expect(read).toBe(2);
  expect(chunks.position).toBe(2);
  expect(isClosed).toBe(false);
  await chunks.close();
  expect(isClosed).toBe(true);
  expect(await chunks.next()).toBeUndefined();
});
