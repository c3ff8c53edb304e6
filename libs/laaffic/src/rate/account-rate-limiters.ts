import type { OnApplicationShutdown } from '@nestjs/common';
import { RateLimiter, type Rate } from './rate-limiter.js';

/** The number of accounts whose limiter is kept although no caller holds it. The least recently used ones go first. */
const MAX_RECENT = 10_000;

/** The limiter of one account, and the registrations that share it. */
interface SharedLimiter {
  readonly limiter: RateLimiter;
  readonly rates: Map<AccountRateLimiters, Rate>;
}

/** Every limiter of this process that a caller holds. */
const limiters = new Map<string, WeakRef<SharedLimiter>>();
/** The limiters that were used recently, the latest one last. */
const recent = new Map<string, SharedLimiter>();
/** Keeps the entry of a limiter as long as a caller holds the limiter. */
const sharedOf = new WeakMap<RateLimiter, SharedLimiter>();
const registry = new FinalizationRegistry<string>((key) => {
  if (limiters.get(key)?.deref() === undefined) limiters.delete(key);
});

/**
 * The rate limiters of one registration. The platform limits accounts, so all registrations of an account in this
 * process share one limiter. If their rates differ, the lowest one applies.
 */
export class AccountRateLimiters implements OnApplicationShutdown {
  readonly #gateway: string;
  readonly #rate: Rate;

  /** @param gateway the base URL: the same id on another platform is another account. */
  constructor(gateway: string, rate: Rate) {
    this.#gateway = gateway;
    this.#rate = rate;
  }

  of(appId: string): RateLimiter {
    const key = `${this.#gateway} ${appId}`;
    const shared = recent.get(key) ?? limiters.get(key)?.deref() ?? this.#create(key);
    recent.delete(key);
    recent.set(key, shared);
    const [oldest] = recent.keys();
    if (recent.size > MAX_RECENT && oldest !== undefined) recent.delete(oldest);
    if (!shared.rates.has(this)) {
      shared.rates.set(this, this.#rate);
      shared.limiter.rate = lowest(shared.rates);
    }
    return shared.limiter;
  }

  /** The rate of a closed registration applies no longer. */
  onApplicationShutdown(): void {
    for (const reference of limiters.values()) {
      const shared = reference.deref();
      if (shared?.rates.delete(this) === true) shared.limiter.rate = lowest(shared.rates);
    }
  }

  #create(key: string): SharedLimiter {
    const shared = { limiter: new RateLimiter(this.#rate), rates: new Map<AccountRateLimiters, Rate>() };
    sharedOf.set(shared.limiter, shared);
    limiters.set(key, new WeakRef(shared));
    registry.register(shared, key);
    return shared;
  }
}

function lowest(rates: ReadonlyMap<unknown, Rate>): Rate {
  const all = [...rates.values()];
  const least = (limit: keyof Rate) => {
    const value = Math.min(...all.map((rate) => rate[limit] ?? Infinity));
    return value === Infinity ? undefined : value;
  };
  return { requestsPerSecond: least('requestsPerSecond'), recipientsPerSecond: least('recipientsPerSecond') };
}
