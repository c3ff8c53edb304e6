import { cases } from '../../cases.js';
import { countAnswers, PURPOSE, VerifyProcesses } from '../processes/verify-processes.js';

const ROUNDS = cases(100, 4);
const STARTS = 50;
const LONG_MS = 600_000;

let all: VerifyProcesses;
beforeAll(async () => {
  all = await VerifyProcesses.start({ guard: { shadow: 'all' } });
});
afterAll(() => all.close());

function startAtOnce(to: string, sessionOf: (index: number) => string | undefined) {
  return all.all(
    Array.from({ length: STARTS }, (_, index) => ({
      ...{ method: 'start' as const, args: [{ to, purpose: PURPOSE }, { session: sessionOf(index) }] },
    })),
  );
}

it(
  'fifty starts of one session at once send one message, and go on with one verification',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const to = all.newNumber();
      const results = await startAtOnce(to, () => 'visitor');
      expect(countAnswers(results)).toEqual({ sent: 1, waiting: STARTS - 1 });
      expect(new Set(results.map(({ value }) => value!.id)).size).toBe(1);
      expect(await all.messagesTo(to)).toBe(1);
    }
  },
  LONG_MS,
);

it.each([
  ['different sessions', (index: number) => `visitor ${index}`],
  ['no sessions', () => undefined],
])(
  'fifty starts of %s for one number at once send one message',
  async (_, sessionOf) => {
    for (let round = 0; round < ROUNDS; round++) {
      const to = all.newNumber();
      const results = await startAtOnce(to, sessionOf);
      expect(countAnswers(results)).toEqual({ sent: 1, VERIFY_COOLDOWN: STARTS - 1 });
      expect(await all.messagesTo(to)).toBe(1);
    }
  },
  LONG_MS,
);

it(
  'starts in transactions of the app send one message if half of them roll back',
  async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const to = all.newNumber();
      const ends = Array.from({ length: STARTS }, () => (Math.random() < 0.5 ? 'commit' : 'rollback'));
      const results = await all.all(
        ends.map((end) => ({
          ...{ method: 'startWithin' as const, args: [end, { to, purpose: PURPOSE }, { session: 'visitor' }] },
        })),
      );
      const kept = results.filter((_, index) => ends[index] === 'commit');
      expect(new Set(kept.map(({ value }) => value!.id)).size).toBe(1);
      expect(countAnswers(kept)['sent']).toBe(1);
      expect(await all.messagesTo(to)).toBe(1);
      expect(await all.row(kept[0]!.value!.id)).toMatchObject({ state: 'pending', sends: 1 });
    }
  },
  LONG_MS,
);
