import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JournalError, JsonLinesJournal, type BulkJournal, type BulkReceipt } from 'nestjs-laaffic';
import { failureOf, sandboxAndClient } from '../module/account.js';

const MESSAGE = { content: 'hi' };
const TO = Array.from({ length: 6 }, (_, index) => String(91_850_000_000 + index));
const both = sandboxAndClient();

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'journal-'));
  path = join(folder, 'run.jsonl');
});
afterEach(() => rm(folder, { recursive: true }));

const run = (journal: BulkJournal) => both.client.sms.sendBulk(TO, MESSAGE, { batchSize: 2, concurrency: 1, journal });
const lines = async () =>
  (await readFile(path, 'utf8'))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const started = (first: number) => `{"event":"started","first":${first},"count":2,"orderIds":"abc"}\n`;
const finished = (first: number) =>
  `{"event":"finished","first":${first},"count":2,"dropped":0,"processed":[[${first},${first + 2}]],"accepted":[],"rejected":[],"unknown":[]}\n`;

describe('JsonLinesJournal', () => {
  it('writes a line before each request and one with its result, for its owner only', async () => {
    await using journal = await JsonLinesJournal.open(path);
    both.sandbox.script([{}, { status: -18 }, {}]);
    const receipts = await run(journal).toArray();
    const [first, second] = receipts;
    expect((await lines()).map(({ event, first: at, count }) => [event, at, count])).toEqual(
      [0, 2, 4].flatMap((at) => [
        ['started', at, 2],
        ['finished', at, 2],
      ]),
    );
    const [{ orderIds }, firstEnd, , secondEnd] = (await lines()) as [Record<string, unknown>, object, object, object];
    expect(first!.accepted.every(({ orderId }) => orderId.startsWith(`${String(orderIds)}.`))).toBe(true);
    expect(firstEnd).toEqual({
      ...{ event: 'finished', first: 0, count: 2, dropped: 0, processed: [[0, 2]] },
      ...{ accepted: first!.accepted, rejected: [], unknown: [] },
    });
    expect(secondEnd).toMatchObject({
      unknown: second!.unknown,
      failure: { code: 'LAAFFIC_GATEWAY_FAULT', outcome: 'unknown', status: -18 },
    });
    expect(await all(JsonLinesJournal.read(path))).toEqual((await lines()).filter(({ event }) => event === 'finished'));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('lets a run continue where another stopped, without what may have been sent', async () => {
    await writeFile(path, started(0) + finished(0) + started(2));
    await using journal = await JsonLinesJournal.open(path);
    expect(journal.processed).toEqual([[0, 4]]);
    expect(journal.unfinished).toEqual([{ first: 2, count: 2, orderIds: 'abc' }]);
    await run(journal).drain();
    expect(both.sandbox.messages.map(({ number }) => number)).toEqual(TO.slice(4));
  });

  it('lets a run send again what a stopped run did not send, and nothing else', async () => {
    both.sandbox.script([{}, { status: -10 }]);
    const before = await JsonLinesJournal.open(path);
    await failureOf(run(before).drain());
    await before.close();
    await using journal = await JsonLinesJournal.open(path);
    expect(journal.processed).toEqual([[0, 2]]);
    expect(journal.unfinished).toEqual([]);
    await run(journal).drain();
    expect(both.sandbox.messages.map(({ number }) => number)).toEqual(TO);
  });

  const whole = started(0) + finished(0);
  it.each([
    ['nothing', '', '', []],
    ['half a line', `${whole}{"event":"star`, whole, [[0, 2]]],
    ['half a character', `${whole}{"event":"started","orderIds":"\u00e9`.slice(0, -1), whole, [[0, 2]]],
    ['a line without its end', whole.slice(0, -1), whole, [[0, 2]]],
  ])('repairs a file that ends with %s', async (_, text, mended, processed) => {
    await writeFile(path, text);
    await using journal = await JsonLinesJournal.open(path);
    expect(await readFile(path, 'utf8')).toEqual(mended);
    expect(journal.processed).toEqual(processed);
  });

  it.each([
    ['another file', 'number,name\n91856321412,Ann\n'],
    ['the one line of another file', 'number,name'],
    ['JSON that is no event', `${started(0)}{"a":1}\n${finished(0)}`],
    ['an event without its lists', `{"event":"finished","first":0,"count":2,"dropped":0}\n${started(0)}`],
    ['invalid positions', `${finished(0).replace('[[0,2]]', '[[2,0]]')}${started(0)}`],
  ])('rejects another file and does not change it: %s', async (_, text) => {
    await writeFile(path, text);
    const error = await failureOf(JsonLinesJournal.open(path));
    expect(error).toBeInstanceOf(JournalError);
    expect(error).toMatchObject({ code: 'LAAFFIC_JOURNAL_UNREADABLE', path });
    expect(await readFile(path, 'utf8')).toBe(text);
  });
});

describe('a journal that fails:', () => {
  const full = new Error('no space left');
  class Fragile implements BulkJournal {
    readonly processed = [];
    constructor(
      private readonly startings: number,
      private readonly finishings: number,
    ) {}
    #started = 0;
    #finished = 0;
    async starting() {
      if (++this.#started > this.startings) throw full;
    }
    async finished() {
      if (++this.#finished > this.finishings) throw full;
    }
  }

  it.each([
    ['before a request keeps it from being sent', 1, 9, 1],
    ['after a request ends the run with its receipt', 9, 0, 1],
  ])('%s', async (_, startings, finishings, sent) => {
    const bulk = run(new Fragile(startings, finishings));
    const receipts: BulkReceipt[] = [];
    const read = async () => {
      for await (const receipt of bulk) receipts.push(receipt);
    };
    expect(await failureOf(read())).toBe(full);
    expect(receipts).toHaveLength(sent);
    expect(both.sandbox.requests).toHaveLength(sent);
    expect(both.sandbox.messages).toHaveLength(2);
  });
});
