import { setTimeout as wait } from 'node:timers/promises';
import { RequestTimeoutException } from '@nestjs/common';
import { pacedBytes, type Pace } from './paced-bytes.js';

const NEVER = new Promise<never>(() => undefined);
const PACE: Pace = { graceMs: 200, bytesPerSecond: 1_000, maxMs: 60_000 };

describe('pacedBytes', () => {
  let isClosed: boolean;
  beforeEach(() => {
    isClosed = false;
  });

  /** Gives so many bytes, one after each pause. */
  async function* source(count: number, pause: () => Promise<unknown>): AsyncGenerator<Buffer, void, undefined> {
    try {
      for (let i = 0; i < count; i++) {
        yield Buffer.from('x');
        await pause();
      }
    } finally {
      isClosed = true;
    }
  }

  async function read(bytes: AsyncIterator<Buffer>, pace: Partial<Pace>, between?: () => Promise<unknown>) {
    let count = 0;
    for await (const { length } of pacedBytes(bytes, { ...PACE, ...pace })) {
      count += length;
      await between?.();
    }
    return count;
  }

  it('yields the whole upload if it is fast enough', async () => {
    expect(
      await read(
        source(5, () => Promise.resolve()),
        {},
      ),
    ).toBe(5);
    expect(isClosed).toBe(true);
  });

  it.each([
    ['stops', source(2, () => NEVER), {}],
    ['trickles', source(10_000, () => wait(5)), { bytesPerSecond: 1_000_000 }],
    ['takes too long', source(10_000, () => wait(5)), { graceMs: 60_000, maxMs: 200 }],
  ])('fails when an upload %s', async (_, bytes, pace) => {
    await expect(read(bytes, pace)).rejects.toEqual(
      new RequestTimeoutException('The upload is too slow, or takes too long'),
    );
  });

  it('does not count the time in which the service does not read', async () => {
    const slowly = () => wait(PACE.graceMs);
    expect(
      await read(
        source(3, () => Promise.resolve()),
        { bytesPerSecond: 1_000_000 },
        slowly,
      ),
    ).toBe(3);
  });

  it('closes its source when its reader leaves', async () => {
    const bytes = pacedBytes(source(5, () => Promise.resolve()));
    await bytes.next();
    await bytes.return();
    expect(isClosed).toBe(true);
  });
});
