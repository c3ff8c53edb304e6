import { isIP } from 'node:net';
import { plainAddress } from 'nestjs-laaffic';

/**
 * Turns the source of a request into what limits count. An IPv6 address counts by its first 64 bits, because one visitor has
 * all addresses that begin with them. An IPv4 address that is mapped into IPv6 counts as IPv4. Other texts count as they are.
 * @returns `undefined` if the source is not known. Unknown sources must not share a limit.
 * @example
 * normalizeSource('2001:db8::1'); // '2001:db8:0:0::/64'
 * normalizeSource('::ffff:203.0.113.7'); // '203.0.113.7'
 */
export function normalizeSource(source: string | undefined): string | undefined {
  const text = source?.trim() ?? '';
  const address = plainAddress(text);
  switch (isIP(address)) {
    case 4:
      return address;
    case 6:
      return `${firstHalf(address)}::/64`;
    default:
      return text === '' ? undefined : text;
  }
}

function firstHalf(address: string): string {
  // Node writes every IPv6 address in one way: lower case, no leading zeros, one `::`.
  const [before = '', after] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const groups = (text = ''): string[] => (text === '' ? [] : text.split(':'));
  const [left, right] = [groups(before), groups(after)];
  const zeros = Array<string>(8 - left.length - right.length).fill('0');
  return [...left, ...zeros, ...right].slice(0, 4).join(':');
}
