import { isLoopback } from './loopback.js';

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.255.0.3', '::1', '[::1]'])('accepts %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each([
    '',
    '0.0.0.0',
    '128.0.0.1',
    '127.0.0.1.evil.example',
    '127.1',
    '127.0.0.999',
    '[::1',
    '::',
    '::2',
    'localhost.evil.example',
    'notlocalhost',
  ])('rejects %j', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
