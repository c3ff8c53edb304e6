import { ConfigurationError, readConfiguration } from './configuration.js';

const KEY = 'a-key-of-my-own-0123';
const [SEAL_KEY, OTHER_SEAL_KEY] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    readConfiguration(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
}

describe('readConfiguration', () => {
  it('uses a sandbox on loopback without any setting', () => {
    expect(readConfiguration({})).toEqual({
      port: 3000,
      host: '127.0.0.1',
      apiKeys: [],
      trustProxy: 0,
      logFormat: 'json',
      account: undefined,
      webhookSecrets: [expect.stringMatching(/^[\w-]{32}$/)],
      isWebhookSecretGenerated: true,
      webhookAllowedIps: undefined,
      databaseUrl: undefined,
      databaseListenUrl: undefined,
      databaseSchema: 'laaffic_outbox',
      serviceSchema: 'laaffic_service',
      databaseConnections: 10,
      databaseMigrate: true,
      dataDir: './.data/postgres',
      worker: true,
      recipientsPerSecond: undefined,
      requestsPerSecond: undefined,
      responseTimeoutSeconds: 15,
      gracePeriodSeconds: 900,
      unconfirmedMessages: 'hold',
      unconfirmedCampaigns: 'hold',
      retentionDays: 90,
      deleteAfterDays: 180,
      sealKeys: [],
      verification: {
        keys: [],
        countries: 'all',
        expectedPerDay: 1_000,
        app: 'Example',
        domain: undefined,
        spendPerDay: undefined,
        prices: {},
        unknownPrice: undefined,
        currency: undefined,
        guard: 'shadow',
        schema: 'laaffic_verify',
      },
    });
  });

  it('reads every setting, trims it, and takes blank text for not set', () => {
    expect(
      readConfiguration({
        PORT: ' 8080\n',
        HOST: '',
        API_KEYS: `${KEY}, backoffice:${KEY}2,, backoffice:${KEY}3`,
        TRUST_PROXY: '1',
        LOG_FORMAT: 'text',
        LAAFFIC_APP_ID: '4luaKsL2 ',
        LAAFFIC_API_KEY: 'bDqJFiq9\n',
        LAAFFIC_API_SECRET: '7bz1lzh9\n',
        LAAFFIC_BASE_URL: 'https://api.onbuka.com/v3',
        LAAFFIC_SENDER_ID: 'ACME',
        WEBHOOK_SECRET: 'a-secret-of-my-own, the-one-before-it',
        WEBHOOK_ALLOWED_IPS: '203.0.113.0/24, 2001:db8::1',
        DATABASE_URL: 'postgres://user:password@db.example:5432/sms?sslmode=require\n',
        DATABASE_LISTEN_URL: 'postgres://user:password@db.example:6432/sms',
        DATABASE_SCHEMA: 'sms_outbox',
        SERVICE_SCHEMA: 'sms_service',
        DATABASE_CONNECTIONS: '3',
        DATABASE_MIGRATE: 'off',
        DATA_DIR: '/var/lib/sms',
        WORKER: 'off',
        RECIPIENTS_PER_SECOND: '450',
        REQUESTS_PER_SECOND: '2.5',
        RESPONSE_TIMEOUT_SECONDS: '5',
        GRACE_PERIOD_SECONDS: '60',
        UNCONFIRMED_MESSAGES: 'abandon',
        UNCONFIRMED_CAMPAIGNS: 'resend ',
        RETENTION_DAYS: '7',
        DELETE_AFTER_DAYS: '30',
        SEAL_KEYS: `${SEAL_KEY}, ${OTHER_SEAL_KEY}`,
        VERIFY_KEYS: ` ${OTHER_SEAL_KEY},${SEAL_KEY}`,
        VERIFY_COUNTRIES: 'GB, GG,DE',
        VERIFY_EXPECTED_PER_DAY: '20000',
        VERIFY_APP: 'ACME Shop ',
        VERIFY_DOMAIN: 'shop.example',
        VERIFY_SPEND_PER_DAY: '250.5',
        VERIFY_PRICES: 'GB=0.04, DE=0.071',
        VERIFY_UNKNOWN_PRICE: '0.3',
        VERIFY_CURRENCY: 'EUR',
        VERIFY_GUARD: 'enforce',
        VERIFY_SCHEMA: 'sms_verify',
      }),
    ).toEqual({
      port: 8080,
      host: '0.0.0.0',
      apiKeys: [
        { name: 'key-1', key: KEY },
        { name: 'backoffice', key: `${KEY}2` },
        { name: 'backoffice', key: `${KEY}3` },
      ],
      trustProxy: 1,
      logFormat: 'text',
      account: {
        appId: '4luaKsL2',
        apiKey: 'bDqJFiq9',
        apiSecret: '7bz1lzh9',
        baseUrl: 'https://api.onbuka.com/v3',
        senderId: 'ACME',
      },
      webhookSecrets: ['a-secret-of-my-own', 'the-one-before-it'],
      isWebhookSecretGenerated: false,
      webhookAllowedIps: ['203.0.113.0/24', '2001:db8::1'],
      databaseUrl: 'postgres://user:password@db.example:5432/sms?sslmode=require',
      databaseListenUrl: 'postgres://user:password@db.example:6432/sms',
      databaseSchema: 'sms_outbox',
      serviceSchema: 'sms_service',
      databaseConnections: 3,
      databaseMigrate: false,
      dataDir: '/var/lib/sms',
      worker: false,
      recipientsPerSecond: 450,
      requestsPerSecond: 2.5,
      responseTimeoutSeconds: 5,
      gracePeriodSeconds: 60,
      unconfirmedMessages: 'abandon',
      unconfirmedCampaigns: 'resend',
      retentionDays: 7,
      deleteAfterDays: 30,
      sealKeys: [SEAL_KEY, OTHER_SEAL_KEY],
      verification: {
        keys: [OTHER_SEAL_KEY, SEAL_KEY],
        countries: ['GB', 'GG', 'DE'],
        expectedPerDay: 20_000,
        app: 'ACME Shop',
        domain: 'shop.example',
        spendPerDay: 250.5,
        prices: { GB: 0.04, DE: 0.071 },
        unknownPrice: 0.3,
        currency: 'EUR',
        guard: 'enforce',
        schema: 'sms_verify',
      },
    });
  });

  it('accepts no pushes of the real platform without a secret', () => {
    const env = { LAAFFIC_APP_ID: 'x', LAAFFIC_API_KEY: 'y', LAAFFIC_API_SECRET: 'z' };
    expect(readConfiguration(env).webhookSecrets).toEqual([]);
  });

  it.each(
    ['SEAL_KEYS', 'VERIFY_KEYS'].flatMap((name) => [
      [name, 'another length', 'c2hvcnQ='],
      [name, 'the same key twice', `${SEAL_KEY},${SEAL_KEY}`],
      [name, 'eleven keys', Array.from({ length: 11 }, (_, byte) => Buffer.alloc(32, byte).toString('base64')).join()],
    ]),
  )('rejects %s with %s, without showing them', (name, _, keys) => {
    expect(problemsOf({ [name]: keys })).toEqual([
      `${name} must be at most 10 different keys, each 32 bytes in base64`,
    ]);
  });

  describe('phone verification', () => {
    const account = { LAAFFIC_APP_ID: 'x', LAAFFIC_API_KEY: 'y', LAAFFIC_API_SECRET: 'z' };
    const required = {
      ...{ VERIFY_KEYS: SEAL_KEY, SEAL_KEYS: OTHER_SEAL_KEY, VERIFY_APP: 'ACME' },
      ...{ VERIFY_COUNTRIES: 'all', VERIFY_EXPECTED_PER_DAY: '50' },
    };

    it('is off with an account and no keys', () => {
      expect(readConfiguration({ ...account, SEAL_KEYS: SEAL_KEY }).verification).toBeUndefined();
    });

    it('is off in a database that the service does not migrate, without keys', () => {
      expect(readConfiguration({ DATABASE_MIGRATE: 'off' }).verification).toBeUndefined();
    });

    it('has the settings of the operator with the sandbox too', () => {
      expect(readConfiguration({ VERIFY_KEYS: SEAL_KEY, VERIFY_COUNTRIES: 'GB' }).verification).toMatchObject({
        keys: [SEAL_KEY],
        countries: ['GB'],
        expectedPerDay: 1_000,
        app: 'Example',
      });
    });

    it('works with an account and its four settings', () => {
      expect(readConfiguration({ ...account, ...required }).verification).toEqual({
        keys: [SEAL_KEY],
        countries: 'all',
        expectedPerDay: 50,
        app: 'ACME',
        domain: undefined,
        spendPerDay: undefined,
        prices: {},
        unknownPrice: undefined,
        currency: undefined,
        guard: 'enforce',
        schema: 'laaffic_verify',
      });
    });

    it.each([
      ['a setting without keys', { VERIFY_APP: 'ACME' }, 'VERIFY_KEYS must be set too for VERIFY_APP'],
      [
        'keys alone',
        { VERIFY_KEYS: SEAL_KEY },
        'VERIFY_COUNTRIES and VERIFY_EXPECTED_PER_DAY and VERIFY_APP and SEAL_KEYS must be set for VERIFY_KEYS',
      ],
      ['keys without keys of messages', { ...required, SEAL_KEYS: '' }, 'SEAL_KEYS must be set for VERIFY_KEYS'],
    ])('with an account rejects %s', (_, env, problem) => {
      expect(problemsOf({ ...account, ...env })).toEqual([problem]);
    });

    const COUNTRIES = 'VERIFY_COUNTRIES must be comma-separated codes of countries in two capital letters, or all';
    const PRICES = 'VERIFY_PRICES must be comma-separated prices above 0, one for each country, such as GB=0.04';
    it.each([
      ['VERIFY_COUNTRIES', 'gb', COUNTRIES],
      ['VERIFY_COUNTRIES', 'GB;DE', COUNTRIES],
      ['VERIFY_COUNTRIES', 'GB,all', COUNTRIES],
      ['VERIFY_COUNTRIES', 'Великобритания', COUNTRIES],
      ['VERIFY_EXPECTED_PER_DAY', '0', 'VERIFY_EXPECTED_PER_DAY must be a number above 0'],
      ['VERIFY_EXPECTED_PER_DAY', 'many', 'VERIFY_EXPECTED_PER_DAY must be a number above 0'],
      ['VERIFY_APP', 'x'.repeat(101), 'VERIFY_APP must be at most 100 characters'],
      ['VERIFY_SPEND_PER_DAY', '5', 'VERIFY_SPEND_PER_DAY needs VERIFY_PRICES or VERIFY_UNKNOWN_PRICE'],
      ['VERIFY_UNKNOWN_PRICE', '-1', 'VERIFY_UNKNOWN_PRICE must be a number above 0'],
      ['VERIFY_PRICES', 'GB', PRICES],
      ['VERIFY_PRICES', 'GB=0', PRICES],
      ['VERIFY_PRICES', 'GB=-1', PRICES],
      ['VERIFY_PRICES', 'GB=1e3', PRICES],
      ['VERIFY_PRICES', 'gb=1', PRICES],
      ['VERIFY_PRICES', 'GB=1,GB=2', PRICES],
      ['VERIFY_CURRENCY', 'euro', 'VERIFY_CURRENCY must be a code of three capital letters, such as USD'],
      ['VERIFY_GUARD', 'off', 'VERIFY_GUARD must be one of enforce, shadow'],
      [
        'VERIFY_SCHEMA',
        'Verify',
        'VERIFY_SCHEMA must be at most 50 lower-case letters, digits and underscores, and not begin with a digit',
      ],
      [
        'SERVICE_SCHEMA',
        'Service',
        'SERVICE_SCHEMA must be at most 50 lower-case letters, digits and underscores, and not begin with a digit',
      ],
      ['SERVICE_SCHEMA', 'laaffic_outbox', 'SERVICE_SCHEMA must not be DATABASE_SCHEMA or VERIFY_SCHEMA'],
      ['SERVICE_SCHEMA', 'laaffic_verify', 'SERVICE_SCHEMA must not be DATABASE_SCHEMA or VERIFY_SCHEMA'],
    ])('rejects %s=%s', (name, value, problem) => {
      expect(problemsOf({ [name]: value })).toEqual([problem]);
    });
  });

  it('keeps data forever with RETENTION_DAYS=forever', () => {
    const { retentionDays, deleteAfterDays } = readConfiguration({ RETENTION_DAYS: 'forever' });
    expect([retentionDays, deleteAfterDays]).toEqual([false, false]);
  });

  it.each<[NodeJS.ProcessEnv, number | false]>([
    [{ RETENTION_DAYS: '30' }, 180],
    [{ RETENTION_DAYS: '400' }, 400],
    [{ DELETE_AFTER_DAYS: 'never' }, false],
    [{ RETENTION_DAYS: 'forever', DELETE_AFTER_DAYS: 'never' }, false],
  ])('with %j deletes after %j days', (env, days) => {
    expect(readConfiguration(env).deleteAfterDays).toBe(days);
  });

  it('chooses text logs on a terminal', () => {
    expect(readConfiguration({}, true).logFormat).toBe('text');
    expect(readConfiguration({ LOG_FORMAT: 'json' }, true).logFormat).toBe('json');
  });

  it.each(['localhost', '127.0.0.1', '127.0.0.2', '::1'])('accepts the host %s without API keys', (HOST) => {
    expect(readConfiguration({ HOST }).host).toBe(HOST);
  });

  const LOOPBACK_ONLY =
    'HOST must be a loopback address while API_KEYS is not set, because otherwise every caller could send at your cost';
  it.each<[string, NodeJS.ProcessEnv, string[]]>([
    ['a port that is no number', { PORT: 'http' }, ['PORT must be a whole number from 0 to 65535']],
    ['an invalid port', { PORT: '65536' }, ['PORT must be a whole number from 0 to 65535']],
    ['a short key', { API_KEYS: `${KEY},short` }, ['API_KEYS must be at least 16 characters each']],
    ['a short key with a name', { API_KEYS: `${KEY},shop:short` }, ['API_KEYS must be at least 16 characters each']],
    [
      'a key that is not visible ASCII',
      { API_KEYS: `${KEY},shop:ключ-ключ-ключ-ключ` },
      ['API_KEYS must be visible ASCII characters, because they are sent in a header'],
    ],
    ...['my shop', 'shop\nroot', '', 'x'.repeat(41), '-x'].map((name): [string, NodeJS.ProcessEnv, string[]] => [
      `the name ${JSON.stringify(name)} of a key`,
      { API_KEYS: `${name}:${KEY}` },
      ['API_KEYS must have names of at most 40 letters, digits, dots, hyphens and underscores: name:key'],
    ]),
    ['a key twice', { API_KEYS: `shop:${KEY},${KEY}` }, ['API_KEYS must not have a key twice']],
    ['an invalid number of proxies', { TRUST_PROXY: 'true' }, ['TRUST_PROXY must be a whole number from 0 to 10']],
    [
      'invalid push addresses, and push addresses for a sandbox',
      { WEBHOOK_ALLOWED_IPS: '203.0.113.0/33,gateway.example' },
      [
        'WEBHOOK_ALLOWED_IPS must be addresses or ranges; 203.0.113.0/33 is neither',
        'WEBHOOK_ALLOWED_IPS must be addresses or ranges; gateway.example is neither',
        'WEBHOOK_ALLOWED_IPS is for the pushes of the real gateway; the sandbox pushes from this machine',
      ],
    ],
    ['an address that only looks like loopback', { HOST: '127.999.1.1' }, [LOOPBACK_ONLY]],
    ['the whole network without keys', { HOST: '0.0.0.0' }, [LOOPBACK_ONLY]],
    ['a name that only starts like loopback', { HOST: '127.0.0.1.evil.example' }, [LOOPBACK_ONLY]],
    [
      'a secret that is too short, or not possible in an address',
      { WEBHOOK_SECRET: 'short/secret' },
      ['WEBHOOK_SECRET must be 16 to 256 letters, digits, hyphens or underscores'],
    ],
    [
      'a database of another kind, without repeating its password',
      { DATABASE_URL: 'mysql://user:password@host/x' },
      ['DATABASE_URL must be a URL: postgres://user:password@host:5432/database'],
    ],
    ...[
      'postgres://sms:hunter2#x@db.example/sms',
      'postgres://sms:1#hunter2@db.example/sms',
      'postgres://sms:1#@db.example/sms',
      'postgres://sms:hunter2/x@db.example/sms',
      'postgres://sms:1/hunter2@db.example/sms',
      'postgres://sms:hunter2?x@db.example/sms',
      'postgres://sms:1?hunter2@db.example/sms',
      'postgres://sms:x@hunter2/y@db.example/sms',
      'postgres://sms:hunter2@db.example:port/sms',
    ].map((DATABASE_URL): [string, NodeJS.ProcessEnv, string[]] => [
      `a password that is not escaped: ${DATABASE_URL}`,
      { DATABASE_URL },
      [
        'DATABASE_URL must be a URL: postgres://user:password@host:5432/database. ' +
          'In a user or password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25',
      ],
    ]),
    [
      'credentials in the address of the gateway, without repeating them',
      {
        LAAFFIC_APP_ID: 'x',
        LAAFFIC_API_KEY: 'y',
        LAAFFIC_API_SECRET: 'z',
        LAAFFIC_BASE_URL: 'https://user:hunter2@api.laaffic.com/v3',
      },
      ['LAAFFIC_BASE_URL must be an http or https URL without user, password and query'],
    ],
    ['a worker that is neither on nor off', { WORKER: 'toString' }, ['WORKER must be one of on, off']],
    [
      'invalid rates',
      { RECIPIENTS_PER_SECOND: '0', REQUESTS_PER_SECOND: 'many' },
      ['RECIPIENTS_PER_SECOND must be a number above 0', 'REQUESTS_PER_SECOND must be a number above 0'],
    ],
    ['endless rates', { REQUESTS_PER_SECOND: 'Infinity' }, ['REQUESTS_PER_SECOND must be a number above 0']],
    [
      'a response time-out that is too long',
      { RESPONSE_TIMEOUT_SECONDS: '301' },
      ['RESPONSE_TIMEOUT_SECONDS must be a number above 0 and at most 300'],
    ],
    [
      'invalid grace periods and retentions',
      {
        GRACE_PERIOD_SECONDS: '-1',
        UNCONFIRMED_MESSAGES: 'drop',
        UNCONFIRMED_CAMPAIGNS: 'Hold',
        RETENTION_DAYS: '100000',
      },
      [
        'GRACE_PERIOD_SECONDS must be a number above 0 and at most 2147483',
        'UNCONFIRMED_MESSAGES must be one of hold, resend, abandon',
        'UNCONFIRMED_CAMPAIGNS must be one of hold, resend, abandon',
        'RETENTION_DAYS must be a number above 0 and at most 36500',
      ],
    ],
    [
      'a deletion before the end of the retention',
      { RETENTION_DAYS: '30', DELETE_AFTER_DAYS: '29' },
      ['DELETE_AFTER_DAYS must not be less than RETENTION_DAYS, which is 30'],
    ],
    [
      'a deletion of what is kept for ever',
      { RETENTION_DAYS: 'forever', DELETE_AFTER_DAYS: '29' },
      ['DELETE_AFTER_DAYS must be never while RETENTION_DAYS is forever'],
    ],
    [
      'invalid settings of the database, without repeating a password',
      {
        DATABASE_LISTEN_URL: 'mysql://user:hunter2@host/x',
        DATABASE_SCHEMA: 'Outbox',
        DATABASE_CONNECTIONS: '4',
        DATABASE_MIGRATE: 'no',
        DELETE_AFTER_DAYS: 'forever',
      },
      [
        'DATABASE_LISTEN_URL must be a URL: postgres://user:password@host:5432/database',
        'DATABASE_LISTEN_URL needs DATABASE_URL: the pooler in front of the same database',
        'DATABASE_SCHEMA must be at most 50 lower-case letters, digits and underscores, and not begin with a digit',
        'DATABASE_CONNECTIONS must be a whole number from 5 to 1000',
        'DATABASE_MIGRATE must be one of on, off',
        'DELETE_AFTER_DAYS must be a number above 0 and at most 36500',
      ],
    ],
    [
      'a gateway address without an account, which would select the sandbox',
      { LAAFFIC_BASE_URL: 'http://127.0.0.1:4010/v3' },
      ['LAAFFIC_BASE_URL needs LAAFFIC_APP_ID, LAAFFIC_API_KEY, LAAFFIC_API_SECRET: the account there'],
    ],
    ['another log format', { LOG_FORMAT: 'xml' }, ['LOG_FORMAT must be one of json, text']],
    [
      'an incomplete account, which must not select the sandbox',
      { LAAFFIC_APP_ID: 'x', LAAFFIC_API_SECRET: ' ' },
      ['LAAFFIC_API_KEY and LAAFFIC_API_SECRET must be set too, or none of the three for the sandbox'],
    ],
    [
      'several at once',
      { PORT: '-1', LOG_FORMAT: 'x' },
      ['PORT must be a whole number from 0 to 65535', 'LOG_FORMAT must be one of json, text'],
    ],
  ])('rejects %s', (_, env, problems) => {
    expect(problemsOf(env)).toEqual(problems);
  });
});
