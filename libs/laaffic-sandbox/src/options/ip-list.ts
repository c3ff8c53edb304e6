import { BlockList, isIP } from 'node:net';

/** Builds a list of addresses and subnets. Returns `undefined` if an entry is neither. */
export function ipList(entries: readonly string[]): BlockList | undefined {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', bits, ...rest] = entry.split('/');
    const family = isIP(address);
    if (family === 0 || rest.length > 0) return undefined;
    const type = family === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) {
      list.addAddress(address, type);
    } else if (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32)) {
      list.addSubnet(address, Number(bits), type);
    } else {
      return undefined;
    }
  }
  return list;
}

export function contains(list: BlockList, address: string): boolean {
  const family = isIP(address);
  return family !== 0 && list.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

const LOOPBACK = ipList(['127.0.0.0/8', '::1']);

/** Whether a host is a loopback address. An IPv6 address may have the brackets it has in a URL. */
export function isLoopback(host: string): boolean {
  return LOOPBACK !== undefined && contains(LOOPBACK, host.replace(/^\[|\]$/g, ''));
}
