import { BlockList, isIP } from 'node:net';

/** A list of addresses and CIDR ranges. An IPv4 address equals the same address mapped into IPv6. */
export class IpList {
  readonly #list = new BlockList();

  /** @throws {RangeError} if an entry is neither an address nor a range. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  has(address: string): boolean {
    const plain = plainAddress(address);
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 4 ? 'ipv4' : 'ipv6');
  }

  #add(entry: string): void {
    const [given = '', prefix, ...rest] = entry.trim().split('/');
    const address = plainAddress(given);
    const version = isIP(address);
    const isMapped = version === 4 && isIP(given) === 6;
    const all = version === 4 ? 32 : 128;
    const length = prefix === undefined ? all : Number(prefix) - (isMapped ? 96 : 0);
    const isLength = prefix === undefined || /^\d{1,3}$/.test(prefix);
    if (version === 0 || rest.length > 0 || !isLength || length < 0 || length > all) throw new RangeError();
    this.#list.addSubnet(address, length, version === 4 ? 'ipv4' : 'ipv6');
  }
}

/** Removes the brackets, port and zone that some proxies write. Turns a mapped IPv6 address into IPv4. */
export function plainAddress(text: string): string {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? /^([\d.]+):\d+$/.exec(text)?.[1] ?? text;
  const address = bare.replace(/%.*$/, '');
  if (isIP(address) !== 6) return address;
  const [, high, low] = /^\[::ffff:([\da-f]+):([\da-f]+)\]$/.exec(new URL(`http://[${address}]`).hostname) ?? [];
  if (high === undefined || low === undefined) return address;
  return [high, low].flatMap((part) => [parseInt(part, 16) >> 8, parseInt(part, 16) & 255]).join('.');
}
