import { randomUUID } from 'node:crypto';
import type { CountryCode } from 'libphonenumber-js/max';
import { Guard } from '../../../libs/laaffic-verify/src/guard/guard.js';
import { HALF_LIFE_MS, RELIEF } from '../../../libs/laaffic-verify/src/guard/range-scoring.js';
import { MemoryStore } from '../../../libs/laaffic-verify/src/testing/memory-store.js';
import { COUNTRIES } from './countries.js';
import type { GuardTarget, StartRequest } from './judge.js';
import { USUAL_STARTS_PER_DAY } from './population.js';
import { DAY, MINUTE } from './time-units.js';

const NO_BINDING = Buffer.alloc(0);
const DIGEST = Buffer.from('digest');
const MESSAGE = { to: '', content: '', idempotencyKey: '', sendBefore: new Date(0) };
const APPROVAL = { relief: RELIEF, halfLifeMs: HALF_LIFE_MS, converts: false };

/**
 * The guard as the service uses it, with a store in memory. Keys, codes and texts are left out, because they decide
 * nothing.
 */
export function guardTarget(): GuardTarget {
  let now = 0;
  const clock = new Date(0);
  const store = new MemoryStore(() => clock);
  const guard = new Guard(
    store.guard,
    {
      countries: COUNTRIES.map(({ iso }) => iso as CountryCode),
      expectedPerDay: USUAL_STARTS_PER_DAY,
      prices: { prices: {}, unknownPrice: 0, currency: undefined },
      caps: {
        messagesPerDay: 3 * USUAL_STARTS_PER_DAY,
        messagesPerHour: (3 * USUAL_STARTS_PER_DAY) / 4,
        spendPerDay: Infinity,
        spendPerCountryPerDay: Infinity,
      },
    },
    () => now,
  );
  const known = new Set<string>();
  const ids = new Map<StartRequest, string>();
  const setTime = (at: number) => {
    now = at;
    clock.setTime(at);
  };
  const keyOf = (number: string) => Buffer.from(number);
  return {
    advanceTo: setTime,
    async start(request) {
      const { number, country, source, cost, isKnown } = request;
      if (isKnown && !known.has(number)) {
        known.add(number);
        setTime(now - DAY);
        await store.addKnown('', keyOf(number), 180 * DAY);
        setTime(now + DAY);
      }
      const id = randomUUID();
      const assessment = await guard.assess({ e164: number, country: country as CountryCode }, Buffer.from(source));
      const outcome = await store.start({
        ...assessment,
        ...{ id, isIdempotent: false, kind: 'sms', tenant: '', purpose: 'sign-in', number, country },
        ...{ numberKeys: [keyOf(number)], session: Buffer.from(id), binding: NO_BINDING, keyId: 'key', digest: DIGEST },
        ...{ lifetimeMs: 10 * MINUTE, maxAttempts: 5, perHour: 5, perDay: 10, knownMs: 180 * DAY },
        cooldownsMs: [30_000, 60_000, 120_000, 240_000, 480_000, 600_000],
        quotas: [{ rule: 'source', key: Buffer.from(source), limit: 60 }],
        ...{ pretends: false, shadow: [], message: { ...MESSAGE, cost } },
      });
      if (outcome.result !== 'sent') return 'rejected';
      guard.countStart(country);
      guard.countMessage(country, cost);
      ids.set(request, id);
      return 'sent';
    },
    async approve(request) {
      const id = ids.get(request);
      if (id === undefined) return;
      ids.delete(request);
      known.add(request.number);
      await store.check({
        ...{ id, tenant: '', purpose: 'sign-in', binding: NO_BINDING, digests: [DIGEST], approves: true },
        ...{ lockAfter: 15, lockMs: 15 * MINUTE, longestLockMs: DAY, suspendAfter: 100, quota: undefined },
        approval: APPROVAL,
      });
    },
  };
}
