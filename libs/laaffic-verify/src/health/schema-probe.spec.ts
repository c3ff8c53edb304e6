import { OutboxError } from 'nestjs-laaffic-outbox';
import { SchemaProbe } from './schema-probe.js';

const TIMEOUT_MS = 5_000;

describe('SchemaProbe', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each([
    ['nothing', () => Promise.resolve(), undefined],
    [
      'the code of the outbox',
      () => Promise.reject(new OutboxError('OUTBOX_SCHEMA_MISSING', 'missing')),
      'OUTBOX_SCHEMA_MISSING',
    ],
    ['that statements are rejected', () => Promise.reject(new Error('secret')), 'OUTBOX_DATABASE_REJECTED'],
  ])('reports %s', async (_, check, probed) => {
    expect(await new SchemaProbe(check, TIMEOUT_MS).ask()).toBe(probed);
  });

  it('does not wait for a silent database, and begins no second check meanwhile', async () => {
    jest.useFakeTimers();
    let respond: () => void = () => undefined;
    const check = jest.fn(() => new Promise<void>((resolve) => (respond = resolve)));
    const probe = new SchemaProbe(check, TIMEOUT_MS);
    const asked = [probe.ask(), probe.ask()];
    await jest.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await Promise.all(asked)).toEqual(Array(2).fill('OUTBOX_DATABASE_UNAVAILABLE'));
    const late = probe.ask();
    expect(check).toHaveBeenCalledTimes(1);
    respond();
    expect(await late).toBeUndefined();
    const next = probe.ask();
    expect(check).toHaveBeenCalledTimes(2);
    respond();
    expect(await next).toBeUndefined();
    expect(jest.getTimerCount()).toBe(0);
  });
});
