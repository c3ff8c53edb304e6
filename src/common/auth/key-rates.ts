/** How fast a key may be used. */
export interface KeyRate {
  readonly requestsPerSecond: number;
  /** How many requests may come at once after a pause. */
  readonly burst: number;
}

/** What a request leaves of a rate. */
export interface RateState {
  /** Seconds until a retry may succeed; 0 if the request may proceed. */
  readonly retryAfterSeconds: number;
  /** How many requests may follow at once. */
  readonly remaining: number;
  /** Seconds until the whole burst is available. */
  readonly resetSeconds: number;
}

/** How many keys are remembered. One that is forgotten has its whole burst again. */
const MAX_KEYS = 10_000;

/** Counts the requests of each key in this process. */
export class KeyRates {
  /** When the whole burst of a key will be available, in milliseconds. */
  readonly #fullAt = new Map<string, number>();

  /** @param now the time in milliseconds. It never goes back. */
  constructor(private readonly now: () => number = () => performance.now()) {}

  /** How many keys are remembered. */
  get size(): number {
    return this.#fullAt.size;
  }

  /** Counts a request, unless the rate is used up. @param id the id of the key. */
  take(id: string, { requestsPerSecond, burst }: KeyRate): RateState {
    const now = this.now();
    const intervalMs = 1_000 / requestsPerSecond;
    const fullAt = Math.max(now, this.#fullAt.get(id) ?? now);
    const isAdmitted = fullAt + intervalMs - now <= burst * intervalMs + TOLERANCE;
    const next = isAdmitted ? fullAt + intervalMs : fullAt;
    // Moves the key to the end, so the first of the map is the one that was silent longest.
    this.#fullAt.delete(id);
    this.#fullAt.set(id, next);
    const [oldest] = this.#fullAt.keys();
    if (this.#fullAt.size > MAX_KEYS && oldest !== undefined) this.#fullAt.delete(oldest);
    const usedMs = next - now;
    return {
      retryAfterSeconds: isAdmitted ? 0 : Math.max(1, Math.ceil((usedMs - (burst - 1) * intervalMs) / 1_000)),
      remaining: Math.max(0, Math.floor(burst - usedMs / intervalMs + TOLERANCE)),
      resetSeconds: Math.ceil(usedMs / 1_000),
    };
  }
}

/** Sums of intervals are not exact. */
const TOLERANCE = 1e-6;

/**
 * The headers of a rate, by the IETF draft `RateLimit header fields for HTTP`: the policy with its quota and its window in
 * seconds, and what is left of it.
 */
export function rateHeaders(
  { requestsPerSecond, burst }: KeyRate,
  { remaining, resetSeconds }: RateState,
): Readonly<Record<string, string>> {
  return {
    'RateLimit-Policy': `"key";q=${burst};w=${Math.ceil(burst / requestsPerSecond)}`,
    RateLimit: `"key";r=${remaining};t=${resetSeconds}`,
  };
}
