import { isIP } from 'node:net';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { runWithoutRequestId } from '../http/request-id.js';

/** How long wrong keys of an address are counted together, and how often they are logged. */
const WINDOW_MS = 60_000;
/** How many wrong keys of an address get a response without delay. */
const FREE_ATTEMPTS = 10;
/** How many addresses are remembered. The one that was silent longest is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** Counts wrong keys by the client's address, and logs them: the first at once, then one line a minute for all. */
@Injectable()
export class WrongKeys implements OnApplicationShutdown {
  readonly #logger = new Logger('Access');
  readonly #counts = new Map<string, { tries: number; readonly end: number }>();
  #unlogged = { requests: 0, addresses: new Set<string>() };
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** How many addresses are remembered. */
  get size(): number {
    return this.#counts.size;
  }

  /**
   * Counts a wrong key.
   * @param ip the address of the client.
   * @returns seconds until the address may retry, or 0 if it may at once.
   */
  count(ip: string | undefined): number {
    const address = networkOf(ip ?? '');
    const now = this.now();
    const known = this.#counts.get(address);
    const count = known !== undefined && known.end > now ? known : { tries: 0, end: now + WINDOW_MS };
    count.tries++;
    // Moves the address to the end, so that the first of the map is the one that was silent longest.
    this.#counts.delete(address);
    this.#counts.set(address, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > MAX_ADDRESSES && oldest !== undefined) this.#counts.delete(oldest);
    this.#log(address);
    return count.tries <= FREE_ATTEMPTS ? 0 : Math.ceil((count.end - now) / 1_000);
  }

  onApplicationShutdown(): void {
    clearTimeout(this.#timer);
    this.#flush();
  }

  #log(address: string): void {
    this.#unlogged.requests++;
    if (this.#unlogged.addresses.size < MAX_ADDRESSES) this.#unlogged.addresses.add(address);
    if (this.#timer === undefined) this.#flush();
  }

  #flush(): void {
    const { requests, addresses } = this.#unlogged;
    this.#timer = undefined;
    if (requests === 0) return;
    const [from] = addresses;
    this.#logger.warn({ event: 'wrong API keys', requests, addresses: addresses.size, from });
    this.#unlogged = { requests: 0, addresses: new Set() };
    // The next line is about all requests of the window, and not about the one that started it.
    this.#timer = runWithoutRequestId(() =>
      setTimeout(() => {
        this.#flush();
      }, WINDOW_MS).unref(),
    );
  }
}

/** An IPv4 address, or the network of an IPv6 address, because one client has 2^64 of those. */
function networkOf(ip: string): string {
  const address = ip.replace(/^::ffff:(?=[\d.]+$)/i, '').replace(/%.*$/, '');
  if (isIP(address) === 4) return address;
  // `X-Forwarded-For` can hold any text.
  if (isIP(address) !== 6) return 'unknown';
  const [head = [], tail = []] = address.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const zeros = Array.from({ length: Math.max(0, 8 - head.length - tail.length) }, () => '0');
  const groups = [...head, ...zeros, ...tail].slice(0, 4).map((group) => parseInt(group, 16).toString(16));
  return `${groups.join(':')}::/64`;
}
