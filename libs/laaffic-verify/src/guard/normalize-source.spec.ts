import fc from 'fast-check';
import { normalizeSource } from './normalize-source.js';

it.each<[string | undefined, string | undefined]>([
  ['203.0.113.7', '203.0.113.7'],
  [' 203.0.113.7 ', '203.0.113.7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0:0:ffff:ffff:ffff:ffff', '2001:db8:0:0::/64'],
  ['[2001:db8:1:2:3:4:5:6]:443', '2001:db8:1:2::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
  ['64:ff9b::203.0.113.7', '64:ff9b:0:0::/64'],
  ['203.0.113', '203.0.113'],
  ['device 7', 'device 7'],
  ['device%7', 'device%7'],
  ['%', '%'],
  ['[device]:7', '[device]:7'],
  ['', undefined],
  [' ', undefined],
  [undefined, undefined],
])('counts %j as %j', (source, expected) => {
  expect(normalizeSource(source)).toBe(expected);
});

it('counts two IPv6 addresses together exactly if their first 64 bits are equal', () => {
  fc.assert(
    fc.property(fc.ipV6(), fc.ipV6(), (one, other) => {
      const [a, b] = [bitsOf(one), bitsOf(other)];
      // Addresses that hold an IPv4 address are other rows of the table.
      fc.pre(![a, b].some((bits) => bits >> 32n === 0xffffn));
      expect(normalizeSource(one) === normalizeSource(other)).toBe(a >> 64n === b >> 64n);
    }),
  );
});

it('never fails', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.ipV6(), fc.ipV4Extended()), (text) => {
      expect(typeof normalizeSource(`${text}x`)).toBe('string');
    }),
  );
});

/** Another way to read an address. */
function bitsOf(address: string): bigint {
  const hex = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a: string, b: string, c: string, d: string) =>
    [Number(a) * 256 + Number(b), Number(c) * 256 + Number(d)].map((part) => part.toString(16)).join(':'),
  );
  const [left = '', right] = hex.split('::');
  const groups = (text: string | undefined) => (text === undefined || text === '' ? [] : text.split(':'));
  const [first, last] = [groups(left), groups(right)];
  const zeros = Array<string>(8 - first.length - last.length).fill('0');
  return [...first, ...zeros, ...last].reduce((sum, group) => (sum << 16n) + BigInt(`0x${group}`), 0n);
}
