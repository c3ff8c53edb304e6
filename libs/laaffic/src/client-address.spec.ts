import { clientAddress, plainAddress } from './client-address.js';

describe('clientAddress', () => {
  it.each<[string, string | string[] | undefined, number, string | undefined]>([
    ['no proxy', undefined, 0, '10.0.0.1'],
    ['a header of a client without a proxy', '203.0.113.7', 0, '10.0.0.1'],
    ['one proxy', '203.0.113.7', 1, '203.0.113.7'],
    ['one proxy, and a client that wrote an entry too', '192.0.2.66, 203.0.113.7', 1, '203.0.113.7'],
    ['two proxies', '203.0.113.7,10.0.0.2', 2, '203.0.113.7'],
    ['headers of several proxies', ['192.0.2.66', '203.0.113.7, 10.0.0.2'], 2, '203.0.113.7'],
    ['fewer proxies than there should be', '203.0.113.7', 2, undefined],
    ['no header at all', undefined, 1, undefined],
    ['an empty entry', '203.0.113.7,', 1, undefined],
  ])('with %s', (_, header, trusted, expected) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header as string };
    expect(clientAddress({ headers, socket: { remoteAddress: '10.0.0.1' } }, trusted)).toBe(expected);
  });

  it('is undefined for a socket that has ended', () => {
    expect(clientAddress({ headers: {}, socket: {} }, 0)).toBeUndefined();
  });
});

describe('plainAddress', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:443', '1.2.3.4'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['::FFFF:102:304', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:443', '1.2.3.4'],
    ['::1', '::1'],
    ['[2001:db8::1]', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['unknown', 'unknown'],
    ['', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(plainAddress(text)).toBe(expected);
  });
});
