import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { untilDrained } from './until-drained.js';

const HOUR = 3_600_000;

function fullStream(): PassThrough {
  const stream = new PassThrough({ highWaterMark: 1 });
  expect(stream.write('more than there is room for')).toBe(false);
  return stream;
}

describe('untilDrained', () => {
  it('resolves when the stream has room again', async () => {
    const stream = fullStream();
    const drained = untilDrained(stream, HOUR);
    stream.resume();
    await drained;
    expect(stream.destroyed).toBe(false);
    expect(stream.listenerCount('drain')).toBe(0);
  });

  it('destroys a stream with an error if the client does not read for too long', async () => {
    const stream = fullStream();
    const failed = once(stream, 'error');
    await untilDrained(stream, 10);
    expect(stream.destroyed).toBe(true);
    expect(await failed).toEqual([new Error('The client has stopped reading')]);
  });

  it('resolves when the stream is closed, now or before', async () => {
    const stream = fullStream();
    const drained = untilDrained(stream, HOUR);
    stream.destroy();
    await drained;
    await untilDrained(stream, HOUR);
    expect(stream.destroyed).toBe(true);
  });
});
