import { PassThrough } from 'node:stream';
import type { CampaignProgress } from 'nestjs-laaffic-outbox';
import { eventIdOf, writeProgress } from './progress-events.js';

const reading = (total: number) => ({ id: '7', state: 'running', total }) as CampaignProgress;

describe('writeProgress', () => {
  it('writes comments between readings, and none after the last one', async () => {
    const stream = new PassThrough();
    let goOn: () => void = () => undefined;
    const more = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* readings() {
      yield reading(1);
      await more;
    }
    const written = writeProgress(stream, readings(), { keepAliveMs: 1 });
    let text = '';
    for await (const chunk of stream.setEncoding('utf8')) {
      text += String(chunk);
      if (text.split(': nothing new\n\n').length > 3) break;
    }
    goOn();
    await written;
    expect(text.startsWith(`id: ${eventIdOf(reading(1))}\nevent: progress\ndata: {"id":"7",`)).toBe(true);
  });

  it('leaves out the event that the client has, and waits for a client that does not read', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    let given = 0;
    async function* readings() {
      for (given = 1; given <= 3; given++) yield reading(given);
    }
    const written = writeProgress(stream, readings(), { lastEventId: eventIdOf(reading(1)) });
    // As long as nothing is read, everything that can happen has happened after some turns.
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    expect(given).toBe(2);
    stream.resume();
    await written;
    expect(given).toBe(4);
  });

  it('ends when the client disconnects', async () => {
    const stream = new PassThrough({ highWaterMark: 1 });
    async function* readings() {
      yield reading(1);
    }
    const written = writeProgress(stream, readings());
    stream.destroy();
    await expect(written).resolves.toBeUndefined();
  });
});
