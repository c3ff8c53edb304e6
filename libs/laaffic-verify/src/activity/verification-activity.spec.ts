import { VerificationError } from '../errors/verification.error.js';
import { ActivityEmitter, type VerificationActivity } from './verification-activity.js';

describe('ActivityEmitter', () => {
  let emitter: ActivityEmitter;
  let activities: VerificationActivity[];
  beforeEach(() => {
    emitter = new ActivityEmitter();
    activities = [];
    emitter.events.subscribe((activity) => activities.push(activity));
  });

  it('tells what a call has learned about itself, and its result', async () => {
    const value = await emitter.run(
      'start',
      (call) => {
        Object.assign(call, { purpose: 'sign-in', country: 'GB', shadowRules: ['range'] });
        return Promise.resolve({ sent: true });
      },
      ({ sent }) => (sent ? 'sent' : 'waiting'),
    );
    expect(value).toEqual({ sent: true });
    expect(activities).toEqual([
      {
        ...{ type: 'start', result: 'sent', purpose: 'sign-in', country: 'GB', rule: undefined, code: undefined },
        ...{ shadowRules: ['range'], durationMs: expect.any(Number) as number },
      },
    ]);
    expect(activities[0]!.durationMs).toBeGreaterThanOrEqual(0);
  });

  const coded = (code: unknown) => Object.assign(new Error('+447400123456'), { code });

  it.each<[string, unknown, string, string | undefined]>([
    ['a rejection', new VerificationError('VERIFY_COOLDOWN', 'too recent'), 'rejected', 'VERIFY_COOLDOWN'],
    ['a failure of the outbox', coded('OUTBOX_DATABASE_UNAVAILABLE'), 'failed', 'OUTBOX_DATABASE_UNAVAILABLE'],
    ['a code of the app', coded('+447400123456'), 'failed', undefined],
    ['a code of the server', coded('23505'), 'failed', undefined],
    ['a code that is no text', coded({ toString: () => 'OUTBOX_X' }), 'failed', undefined],
    ['no code', new Error('+447400123456'), 'failed', undefined],
    ['no error', undefined, 'failed', undefined],
    ['null', null, 'failed', undefined],
  ])('tells the code of %s, and throws it unchanged', async (_, error, result, code) => {
    const run = emitter.run('check', jest.fn<Promise<never>, []>().mockRejectedValue(error), () => 'over');
    await expect(run).rejects.toBe(error);
    expect(activities).toEqual([
      {
        ...{ type: 'check', result, code, purpose: undefined, country: undefined, rule: undefined, shadowRules: [] },
        durationMs: expect.any(Number) as number,
      },
    ]);
  });
});
