import { BlockList, isIP } from 'node:net';
import { plainAddress } from '../client-address.js';

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
