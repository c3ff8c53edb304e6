import { IpList, plainAddress } from './ip-list.js';

describe('IpList', () => {
  it.each<[string, string, boolean]>([
    ['203.0.113.7', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.8', false],
    ['203.0.113.7', '::ffff:203.0.113.7', true],
    ['203.0.113.7', '::ffff:cb00:7107', true],
    ['203.0.113.0/24', '203.0.113.255', true],
    ['203.0.113.0/24', '203.0.114.0', false],
    ['203.0.113.0/24', '::ffff:203.0.113.9', true],
    ['0.0.0.0/0', '8.8.8.8', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['::ffff:203.0.113.7', '203.0.113.7', true],
    ['::ffff:203.0.113.0/120', '203.0.113.9', true],
    ['::ffff:203.0.113.0/120', '203.0.114.9', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::1', '2001:0DB8:0:0:0:0:0:1', true],
    [' 203.0.113.7 ', '203.0.113.7', true],
    ['203.0.113.7', '203.0.113.7:4711', true],
    ['2001:db8::1', '[2001:db8::1]:4711', true],
    ['fe80::1', 'fe80::1%eth0', true],
    ['203.0.113.7', 'unknown', false],
    ['203.0.113.7', '', false],
  ])('%s and %s: %s', (entry, address, expected) => {
    expect(new IpList([entry]).has(address)).toBe(expected);
  });

  it.each(['', 'localhost', '203.0.113', '203.0.113.7/33', '203.0.113.7/', '203.0.113.7/-1', '::1/129', '1.2.3.4/8/8'])(
    'rejects the entry %j',
    (entry) => {
      expect(() => new IpList([entry])).toThrow(RangeError);
    },
  );

  it('knows one address by one spelling', () => {
    expect(['::ffff:1.2.3.4', '::FFFF:102:304', '1.2.3.4', '::1'].map(plainAddress)).toEqual([
      '1.2.3.4',
      '1.2.3.4',
      '1.2.3.4',
      '::1',
    ]);
  });
});
