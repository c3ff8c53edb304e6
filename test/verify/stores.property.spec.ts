import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { MemoryStore } from '../../libs/laaffic-verify/src/testing/memory-store.js';
import { cases } from '../cases.js';
import { Stage } from '../outbox/stage.js';
import { openStore, type TestedStore } from './open-store.js';
import { limits, StorePlay, steps } from './store-steps.js';

const LONG_MS = 900_000;
const clock = { now: 0 };
const now = () => new Date(clock.now);

/** Plays sequences on stores that agree and keep what they promise. */
function agree(open: () => readonly TestedStore[], numRuns: number, remembers = true): Promise<void> {
  const property = fc.asyncProperty(limits, steps, async (small, all) => {
    clock.now = Date.UTC(2030, 2, 28, 12);
    await new StorePlay(open(), clock, small, remembers).play(all);
  });
  return fc.assert(property, { numRuns });
}

it(
  'the stores in PostgreSQL and in memory decide alike, and keep what they promise',
  async () => {
    const stage = await Stage.set();
    try {
      const { store } = await openStore(stage, now, { sealKeys: [randomBytes(32)] });
      await agree(() => [store, new MemoryStore(now, Infinity)], cases(3_000, 10));
    } finally {
      await stage.close();
    }
  },
  LONG_MS,
);

it(
  'a store in memory that forgets decides as one that does not, and every rule is reached',
  async () => {
    StorePlay.seen.clear();
    await agree(() => [new MemoryStore(now, Infinity), new MemoryStore(now, 0)], cases(20_000, 500), false);
    expect([...StorePlay.seen].sort()).toEqual([
      ...['approved', 'changed', 'limited', 'matched', 'over', 'rejected'],
      ...['budget', 'cap', 'cooldown', 'denied', 'locked', 'number', 'over', 'range', 'source', 'tenant'].map(
        (rule) => `rejected: ${rule}`,
      ),
      ...['renewed', 'sent', 'sent: budget', 'sent: range', 'waiting'],
      ...['budget', 'cap', 'range'].map((rule) => `would: ${rule}`),
      'wrong',
    ]);
  },
  LONG_MS,
);
