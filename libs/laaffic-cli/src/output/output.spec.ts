import { Writable } from 'node:stream';
import { escapeControls, formatCount, pluralize } from './format.js';
import { Progress } from './progress.js';
import { ResultWriter } from './result-writer.js';
import { StderrLog } from './stderr-log.js';

it('formatCount groups thousands, and pluralize inflects the noun', () => {
  expect([0, 999, 1000, 1_234_567].map(formatCount)).toEqual(['0', '999', '1,000', '1,234,567']);
  expect(pluralize(1, 'part')).toBe('1 part');
  expect(pluralize(1000, 'part')).toBe('1,000 parts');
});

const hostile =
  'a\r\n\t\u0000\u001b[2J\u001b]8;;http://x\u0007\u007f\u0085\u009b31m\u2028\u2029' +
  '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069' +
  '\u00ad\u200b\u200d\u2060\ufeff\ufff9\u{e0041}\ud800z';
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

it('escapeControls keeps text on its line and harmless to the terminal', () => {
  expect(escapeControls('a\n\u001b[2J\u009b\u202eü😀\u{e0041}')).toBe(
    'a\\u000a\\u001b[2J\\u009b\\u202eü😀\\udb40\\udc41',
  );
  expect(unprintable.test(escapeControls(hostile))).toBe(false);
  // A JSON reader gets the same text from the escapes.
  expect(JSON.parse(escapeControls(JSON.stringify(hostile)))).toBe(hostile);
});

it('StderrLog masks numbers and secrets, and keeps dates', () => {
  const stream = new Collected();
  const notes = new StderrLog(stream, { LAAFFIC_API_SECRET: 'hush-hush', LAAFFIC_API_KEY: ' key1 ' });
  notes.print(
    '91856321412 and +91 8563-21412, 1234567, hush-hush key1 of numbers-20261122.csv, status -16\nlaaffic: 9 accepted',
  );
  expect(stream.text).toBe(
    'laaffic: 9185…412 and 9185…412, …67, ••• ••• of numbers-20261122.csv, status -16\\u000alaaffic: 9 accepted\n',
  );
});

it('StderrLog masks the password of DATABASE_URL, as it is written and as it is meant', () => {
  const stream = new Collected();
  const log = new StderrLog(stream, { DATABASE_URL: 'postgres://ann:s%40cret@localhost/x' });
  log.print('s%40cret and s@cret of ann');
  new StderrLog(stream, { DATABASE_URL: 'postgres://ann:100%@localhost/x' }).print('100% of ann');
  expect(stream.text).toBe('laaffic: ••• and ••• of ann\nlaaffic: ••• of ann\n');
});

it('StderrLog prints an internal error with its stack and escapes its text', () => {
  const stream = new Collected();
  const error = new TypeError('bad\n    at 91856321412');
  error.stack = `TypeError: ${error.message}\n    at one (/91856321412/a.js:1:2)\n    at \u001b[2J`;
  new StderrLog(stream, {}).printInternalError(error);
  expect(stream.text).toBe(
    'laaffic: internal error: TypeError: bad\\u000a    at 9185…412\n' +
      '    at one (/9185…412/a.js:1:2)\n    at \\u001b[2J\n',
  );
});

describe('Progress', () => {
  it('shows a count for an input of unknown size', () => {
    const stderr = Object.assign(new Collected(), { isTTY: true });
    let time = 0;
    const progress = new Progress({ stderr, now: () => (time += 2000) }, false, 1000);
    progress.update({ done: 5000, total: undefined, rejected: 1, unknown: 2 });
    progress.clear();
    progress.clear();
    expect(stderr.text).toBe('\r\u001b[K5,000 done, 2,000/s, 1 rejected, 2 unknown\r\u001b[K');
  });

  it('shows hours, and redraws at most ten times a second', () => {
    const stderr = Object.assign(new Collected(), { isTTY: true });
    const times = [0, 1000, 1050, 1099];
    const progress = new Progress({ stderr, now: () => times.shift() ?? 0 }, false);
    for (const done of [1, 2, 3]) progress.update({ done, total: 7322, rejected: 0, unknown: 0 });
    expect(stderr.text).toBe(`\r\u001b[K[${'-'.repeat(24)}] 1 of 7,322, 1/s, 2:02:01 left`);
  });
});

describe('ResultWriter', () => {
  it('waits for a slow reader', async () => {
    const slow = new Slow();
    const results = new ResultWriter(slow);
    let isWritten = false;
    const written = results.writeJson({ a: 1 }).then(() => (isWritten = true));
    await Promise.resolve();
    expect(isWritten).toBe(false);
    slow.take();
    await written;
    expect(slow.text).toBe('{"a":1}\n');
    expect(slow.listenerCount('drain')).toBe(0);
    expect(slow.listenerCount('error')).toBe(0);
  });

  it('writes one line for each text, and JSON that is safe on a terminal', async () => {
    const stream = new Collected();
    const results = new ResultWriter(stream);
    await results.writeLine(hostile);
    await results.writeLines([hostile, 'b']);
    await results.writeJson({ [hostile]: hostile });
    const lines = stream.text.split('\n');
    expect(lines.filter((line) => unprintable.test(line))).toEqual([]);
    expect(lines[0]).toEqual(lines[1]);
    expect(lines[2]).toBe('b');
    expect(JSON.parse(lines[3]!)).toEqual({ [hostile]: hostile });
    expect(lines.slice(4)).toEqual(['']);
  });

  it('does not wait for a reader that exited', async () => {
    const slow = new Slow();
    const written = new ResultWriter(slow).writeLine('x');
    slow.destroy();
    await written;
    await new ResultWriter(slow).writeLine('y');
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
