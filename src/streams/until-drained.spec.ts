import { PassThrough } from 'node:stream';
import { untilDrained } from './until-drained.js';

const HOUR = 3_600_000;

function fullStream(): PassThrough {
  const stream = new PassThrough({ highWaterMark: 1 });
  expect(stream.write('more than there is room for')).toBe(false);
  return stream;
}

describe('untilDrained', () => {
  it('waits until there is room again', async () => {
    const stream = fullStream();
    const drained = untilDrained(stream, HOUR);
    stream.resume();
    await drained;
    expect([stream.destroyed, stream.listenerCount('drain')]).toEqual([false, 0]);
  });

  it('cuts off who reads nothing for too long', async () => {
    const stream = fullStream();
    await untilDrained(stream, 10);
    expect(stream.destroyed).toBe(true);
  });

  it('ends when the stream is closed, now or before', async () => {
    const stream = fullStream();
    const drained = untilDrained(stream, HOUR);
    stream.destroy();
    await drained;
    await untilDrained(stream, HOUR);
    expect(stream.destroyed).toBe(true);
  });
});
