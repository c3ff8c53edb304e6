import { inspect } from 'node:util';
import { LaafficOptionsError } from './laaffic-options.error.js';
import { LaafficSettings } from './laaffic.settings.js';

const account = { appId: '4luaKsL2', apiKey: 'bDqJFiq9', apiSecret: '7bz1lzh9' };

function problemsOf(options: unknown): readonly string[] {
  try {
    new LaafficSettings(options);
    return [];
  } catch (error) {
    if (error instanceof LaafficOptionsError) return error.problems;
    throw error;
  }
}

describe('LaafficSettings', () => {
  it('fills in the documented defaults and freezes', () => {
    const settings = new LaafficSettings(account);
    expect(Object.assign({}, settings, { account: undefined })).toEqual({
      account: undefined,
      baseUrl: 'https://api.laaffic.com/v3',
      method: 'POST',
      timeout: 15_000,
      maxBatchRecipients: 1_000,
      queries: { timeout: 60_000, retries: 4, minDelay: 200, maxDelay: 10_000 },
      rate: { requestsPerSecond: undefined, recipientsPerSecond: undefined },
      connection: { connectTimeout: 5_000, maxConnections: 64, keepAliveTimeout: 4_000 },
    });
    expect([settings.proxy, settings.tls]).toEqual([undefined, undefined]);
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.connection)).toBe(true);
  });

  it('trims credentials, for environment values often end in a line break', () => {
    const settings = new LaafficSettings({ appId: ' 4luaKsL2\n', apiKey: 'bDqJFiq9\r\n', apiSecret: '\t7bz1lzh9\n' });
    expect(settings.account.appId).toBe('4luaKsL2');
    expect(settings.account.credentials.headersAt(1630468800)).toEqual({
      Sign: '05d7a50893e22a5c4bb3216ae3396c7c',
      Timestamp: '1630468800',
      'Api-Key': 'bDqJFiq9',
    });
  });

  it.each([
    ['https://api.onbuka.com/v3/', 'https://api.onbuka.com/v3'],
    [' https://api.itniotech.com/sms ', 'https://api.itniotech.com/sms'],
    ['http://127.0.0.1:4010/v3//', 'http://127.0.0.1:4010/v3'],
    ['http://localhost:4010', 'http://localhost:4010'],
  ])('takes %j as the base URL', (baseUrl, expected) => {
    expect(new LaafficSettings({ ...account, baseUrl }).baseUrl).toBe(expected);
  });

  it('treats undefined and null as not given', () => {
    expect(new LaafficSettings({ ...account, baseUrl: undefined, timeout: null, connection: undefined }).timeout).toBe(
      15_000,
    );
  });

  it.each<[string, unknown, string[]]>([
    [
      'no options',
      undefined,
      [
        'options must be an object',
        'appId is missing or blank',
        'apiKey is missing or blank',
        'apiSecret is missing or blank',
      ],
    ],
    ['a blank secret', { ...account, apiSecret: ' \n' }, ['apiSecret is missing or blank']],
    ['a key that is no text', { ...account, apiKey: 5 }, ['apiKey is missing or blank']],
    [
      'a line break inside the key',
      { ...account, apiKey: 'bDq\nJFiq9' },
      ['apiKey has characters that cannot be part of it'],
    ],
    [
      'a base URL without scheme',
      { ...account, baseUrl: 'api.laaffic.com/v3' },
      ['baseUrl must be an http or https URL without query'],
    ],
    [
      'another scheme',
      { ...account, baseUrl: 'ftp://api.laaffic.com/v3' },
      ['baseUrl must be an http or https URL without query'],
    ],
    [
      'a base URL with a query',
      { ...account, baseUrl: 'https://api.laaffic.com/v3?x=1' },
      ['baseUrl must be an http or https URL without query'],
    ],
    [
      'a sender that is too long',
      { ...account, senderId: 's'.repeat(33) },
      ['senderId must have at most 32 characters'],
    ],
    ['another method', { ...account, method: 'PUT' }, ['method must be one of POST, GET']],
    ['a time-out of 0', { ...account, timeout: 0 }, ['timeout must be a whole number above 0 and below 2147483648']],
    [
      'a time-out beyond what timers can',
      { ...account, timeout: 2 ** 31 },
      ['timeout must be a whole number above 0 and below 2147483648'],
    ],
    [
      'a time-out as text',
      { ...account, timeout: '5000' },
      ['timeout must be a whole number above 0 and below 2147483648'],
    ],
    [
      'wrong connection options',
      { ...account, connection: { maxConnections: 1.5, proxy: 'proxy:3128', tls: 'off', keepAlive: true } },
      [
        'connection.maxConnections must be a whole number above 0 and below 2147483648',
        'connection.proxy must be an http or https URL without query',
        'connection.tls must be an object',
        'connection.keepAlive is no option; known are connectTimeout, maxConnections, keepAliveTimeout, proxy, tls',
      ],
    ],
    ['connection options that are none', { ...account, connection: 'fast' }, ['connection must be an object']],
    [
      'a negative number of retries',
      { ...account, queries: { retries: -1 } },
      ['queries.retries must be a whole number from 0 and below 2147483648'],
    ],
    [
      'a misspelt field',
      { ...account, apikey: 'x' },
      [
        'apikey is no option; known are connection, queries, rate, appId, apiKey, apiSecret, senderId, baseUrl, method, timeout, maxBatchRecipients',
      ],
    ],
  ])('refuses %s', (_, options, problems) => {
    expect(problemsOf(options)).toEqual(problems);
  });

  it('names every wrong field at once, without its value', () => {
    const wrong = { appId: '', apiKey: 'bad key', apiSecret: 'bad secret', baseUrl: 'nowhere' };
    expect(() => new LaafficSettings(wrong)).toThrow(
      new LaafficOptionsError([
        'appId is missing or blank',
        'apiKey has characters that cannot be part of it',
        'apiSecret has characters that cannot be part of it',
        'baseUrl must be an http or https URL without query',
      ]),
    );
  });

  it('shows no secret to printing and JSON', () => {
    const settings = new LaafficSettings({
      ...account,
      connection: { proxy: 'http://user:pass-word@127.0.0.1:3128', tls: { key: 'private-key' } },
    });
    const shown = inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings);
    expect(shown).not.toMatch(/bDqJFiq9|7bz1lzh9|pass-word|private-key/);
    expect([settings.proxy, settings.tls]).toEqual(['http://user:pass-word@127.0.0.1:3128', { key: 'private-key' }]);
  });
});
