import { RequestLimiter, type Rate } from './request-limiter.js';

/** Beyond it the account that was first used longest ago begins anew. */
const MOST_ACCOUNTS = 10_000;

/** A limiter for each account, for the platform limits accounts and not processes. */
export class AccountLimiters {
  readonly #limiters = new Map<string, RequestLimiter>();
  readonly #rate: Rate;

  constructor(rate: Rate) {
    this.#rate = rate;
  }

  of(appId: string): RequestLimiter {
    const known = this.#limiters.get(appId);
    if (known !== undefined) return known;
    const limiter = new RequestLimiter(this.#rate);
    this.#limiters.set(appId, limiter);
    const [oldest] = this.#limiters.keys();
    if (this.#limiters.size > MOST_ACCOUNTS && oldest !== undefined) this.#limiters.delete(oldest);
    return limiter;
  }
}
