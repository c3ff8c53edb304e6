import { assert, bigInt, integer, property } from 'fast-check';
import { Writable } from 'node:stream';
import { Price } from './cost.js';
import { counted, grouped } from './counted.js';
import { Notes } from './notes.js';
import { plain } from './plain.js';
import { Progress } from './progress.js';
import { Results } from './results.js';

describe('a price', () => {
  it('is exact, however often it is taken', () => {
    const most = 10n ** 12n - 1n;
    assert(
      property(
        bigInt({ min: 0n, max: most }),
        bigInt({ min: 0n, max: most }),
        integer({ min: 0 }),
        (whole, part, count) => {
          const text = `${whole}.${String(part).padStart(12, '0')}`;
          const total = (whole * 10n ** 12n + part) * BigInt(count);
          const expected = `${total / 10n ** 12n}.${String(total % 10n ** 12n).padStart(12, '0')}`;
          expect(Price.from(text)?.times(count)).toBe(expected);
        },
      ),
    );
    expect([Price.from('3')?.times(7), Price.from('0.1')?.times(3), Price.from('0.05')?.times(1)]).toEqual([
      '21',
      '0.3',
      '0.05',
    ]);
  });

  it.each(['', '.5', '1.', '-1', '1e3', '1,5', '0x1', 'Infinity'])('is not %j', (text) => {
    expect(Price.from(text)).toBeUndefined();
  });
});

it('counts are grouped, and their nouns agree', () => {
  expect([0, 999, 1000, 1_234_567].map(grouped)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect([counted(1, 'part'), counted(1000, 'part')]).toEqual(['1 part', '1,000 parts']);
});

const hostile =
  'a\r\n\t\u0000\u001b[2J\u001b]8;;http://x\u0007\u007f\u0085\u009b31m\u2028\u2029' +
  '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069' +
  '\u00ad\u200b\u200d\u2060\ufeff\ufff9\u{e0041}\ud800z';
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

it('texts of others stay on their line, and do nothing to the terminal', () => {
  expect(plain('a\n\u001b[2J\u009b\u202eü😀\u{e0041}')).toBe('a\\u000a\\u001b[2J\\u009b\\u202eü😀\\udb40\\udc41');
  expect(unprintable.test(plain(hostile))).toBe(false);
  // one that is escaped is still the same text to whoever reads JSON
  expect(JSON.parse(plain(JSON.stringify(hostile)))).toBe(hostile);
});

it('notes mask numbers and secrets, and leave dates', () => {
  const stream = new Collected();
  const notes = new Notes(stream, { LAAFFIC_API_SECRET: 'hush-hush', LAAFFIC_API_KEY: ' key1 ' });
  notes.say(
    '91856321412 and +91 8563-21412, 1234567, hush-hush key1 of numbers-20261122.csv, status -16\nlaaffic: 9 accepted',
  );
  expect(stream.text).toBe(
    'laaffic: 9185…412 and 9185…412, …67, ••• ••• of numbers-20261122.csv, status -16\\u000alaaffic: 9 accepted\n',
  );
});

it('a fault of the program is told with its places, and with nothing of others on lines of its own', () => {
  const stream = new Collected();
  const error = new TypeError('bad\n    at 91856321412');
  error.stack = `TypeError: ${error.message}\n    at one (/91856321412/a.js:1:2)\n    at \u001b[2J`;
  new Notes(stream, {}).fault(error);
  expect(stream.text).toBe(
    'laaffic: a fault of this program: TypeError: bad\\u000a    at 9185…412\n' +
      '    at one (/9185…412/a.js:1:2)\n    at \\u001b[2J\n',
  );
});

describe('progress', () => {
  it('of an input of unknown size is a count', () => {
    const stderr = Object.assign(new Collected(), { isTTY: true });
    let time = 0;
    const progress = new Progress({ stderr, now: () => (time += 2000) }, false, 1000);
    progress.show({ done: 5000, total: undefined, rejected: 1, unknown: 2 });
    progress.clear();
    progress.clear();
    expect(stderr.text).toBe('\r\u001b[K5,000 done, 2,000/s, 1 rejected, 2 unknown\r\u001b[K');
  });

  it('tells hours, and draws at most ten times a second', () => {
    const stderr = Object.assign(new Collected(), { isTTY: true });
    const times = [0, 1000, 1050, 1099];
    const progress = new Progress({ stderr, now: () => times.shift() ?? 0 }, false);
    for (const done of [1, 2, 3]) progress.show({ done, total: 7322, rejected: 0, unknown: 0 });
    expect(stderr.text).toBe(`\r\u001b[K[${'-'.repeat(24)}] 1 of 7,322, 1/s, 2:02:01 left`);
  });
});

describe('results', () => {
  it('wait for a slow reader', async () => {
    const slow = new Slow();
    const results = new Results(slow);
    let isWritten = false;
    const written = results.json({ a: 1 }).then(() => (isWritten = true));
    await Promise.resolve();
    expect(isWritten).toBe(false);
    slow.take();
    await written;
    expect([slow.text, slow.listenerCount('drain'), slow.listenerCount('error')]).toEqual(['{"a":1}\n', 0, 0]);
  });

  it('are a line each, and JSON that terminals may show', async () => {
    const stream = new Collected();
    const results = new Results(stream);
    await results.line(hostile);
    await results.lines([hostile, 'b']);
    await results.json({ [hostile]: hostile });
    const lines = stream.text.split('\n');
    expect(lines.filter((line) => unprintable.test(line))).toEqual([]);
    expect([lines[0], lines[2], JSON.parse(lines[3]!), lines.slice(4)]).toEqual([
      lines[1],
      'b',
      { [hostile]: hostile },
      [''],
    ]);
  });

  it('do not wait for one who left', async () => {
    const slow = new Slow();
    const written = new Results(slow).line('x');
    slow.destroy();
    await written;
    await new Results(slow).line('y');
    expect(slow.destroyed).toBe(true);
  });
});

class Collected extends Writable {
  text = '';

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

class Slow extends Writable {
  text = '';
  take: () => void = () => undefined;

  constructor() {
    super({ highWaterMark: 1 });
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    this.take = done;
  }
}
