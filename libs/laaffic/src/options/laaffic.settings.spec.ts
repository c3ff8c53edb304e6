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
      timeoutMs: 15_000,
      maxBatchRecipients: 1_000,
      queryRetry: { timeoutMs: 60_000, retries: 4, minDelayMs: 200, maxDelayMs: 10_000 },
      rate: { requestsPerSecond: undefined, recipientsPerSecond: undefined },
      connection: { connectTimeoutMs: 5_000, maxConnections: 64, keepAliveTimeoutMs: 4_000 },
    });
    expect(settings.proxy).toBeUndefined();
    expect(settings.tls).toBeUndefined();
    expect(Object.isFrozen(settings) && Object.isFrozen(settings.connection)).toBe(true);
  });

  it('trims credentials, because environment values often end with a line break', () => {
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
  ])('accepts %j as the base URL', (baseUrl, expected) => {
    expect(new LaafficSettings({ ...account, baseUrl }).baseUrl).toBe(expected);
  });

  it('trims the sender, like that of a command', () => {
    const settings = new LaafficSettings({ ...account, senderId: ' ACME\n' });
    expect(settings.account.senderId).toBe('ACME');
  });

  it('counts blank text as not given, like an environment variable that is empty', () => {
    const blank = { baseUrl: '', method: ' ', timeoutMs: '', senderId: '\n', connection: { proxy: '' } };
    const [settings, bare] = [new LaafficSettings({ ...account, ...blank }), new LaafficSettings(account)];
    expect(Object.assign({}, settings, { account: undefined })).toEqual(
      Object.assign({}, bare, { account: undefined }),
    );
    expect(settings.account.senderId).toBeUndefined();
    expect(settings.proxy).toBeUndefined();
  });

  it('counts undefined and null as not given', () => {
    expect(
      new LaafficSettings({ ...account, baseUrl: undefined, timeoutMs: null, connection: undefined }).timeoutMs,
    ).toBe(15_000);
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
    ['an id that is a number', { ...account, appId: 5 }, ['appId must be text, in quotes']],
    [
      'a key in quotes',
      { ...account, apiKey: ' "bDqJFiq9"\n' },
      ['apiKey has quotes around it, which would be part of it'],
    ],
    [
      'a secret in single quotes',
      { ...account, apiSecret: "'7bz1lzh9'" },
      ['apiSecret has quotes around it, which would be part of it'],
    ],
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
    [
      'a sender with a line end',
      { ...account, senderId: 'AC\nME' },
      ['senderId has a line end or another control character'],
    ],
    [
      'half of a character in a sender',
      { ...account, senderId: 'ACME\ud83d' },
      ['senderId has half of a character pair (a lone surrogate)'],
    ],
    ['another method', { ...account, method: 'PUT' }, ['method must be one of POST, GET']],
    ['a time-out of 0', { ...account, timeoutMs: 0 }, ['timeoutMs must be a whole number from 1 to 2147483647']],
    [
      'a time-out beyond what timers can',
      { ...account, timeoutMs: 2 ** 31 },
      ['timeoutMs must be a whole number from 1 to 2147483647'],
    ],
    [
      'a time-out as text',
      { ...account, timeoutMs: '5000' },
      ['timeoutMs must be a whole number from 1 to 2147483647'],
    ],
    [
      'wrong connection options',
      { ...account, connection: { maxConnections: 1.5, proxy: 'proxy:3128', tls: 'off', keepAlive: true } },
      [
        'connection.maxConnections must be a whole number from 1 to 2147483647',
        'connection.proxy must be an http or https URL without query',
        'connection.tls must be an object',
        'connection.keepAlive is not an option; known options: connectTimeoutMs, maxConnections, keepAliveTimeoutMs, proxy, tls, dispatcher',
      ],
    ],
    ['connection options that are not an object', { ...account, connection: 'fast' }, ['connection must be an object']],
    [
      'a negative number of retries',
      { ...account, queryRetry: { retries: -1 } },
      ['queryRetry.retries must be a whole number from 0 to 2147483647'],
    ],
    [
      'a misspelt field',
      { ...account, apikey: 'x' },
      [
        'apikey is not an option; known options: connection, queryRetry, rate, appId, apiKey, apiSecret, senderId, baseUrl, method, timeoutMs, maxBatchRecipients',
      ],
    ],
  ])('rejects %s', (_, options, problems) => {
    expect(problemsOf(options)).toEqual(problems);
  });

  it('reports every wrong field at once, without its value', () => {
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

  it('shows no secret when it is printed or serialized', () => {
    const settings = new LaafficSettings({
      ...account,
      connection: { proxy: 'http://user:pass-word@127.0.0.1:3128', tls: { key: 'private-key' } },
    });
    const shown = inspect(settings, { depth: 9, showHidden: true }) + JSON.stringify(settings);
    expect(shown).not.toMatch(/bDqJFiq9|7bz1lzh9|pass-word|private-key/);
    expect(settings.proxy).toBe('http://user:pass-word@127.0.0.1:3128');
    expect(settings.tls).toEqual({ key: 'private-key' });
  });
});
