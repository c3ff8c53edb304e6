import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { readArguments } from '../../libs/laaffic-sandbox/src/cli/arguments.js';
import { OutboxSettings } from '../../libs/laaffic-outbox/src/options/outbox.settings.js';
import { resolveSettings } from '../../libs/laaffic-sandbox/src/options/resolve-settings.js';
import { readConfiguration } from '../../src/configuration.js';
import { MAX_DRAIN_MS } from '../../src/common/shutdown/in-flight-requests.js';
import { readCompose, readDockerfile } from './parsed.js';

const { services } = readCompose();
const { notifications, sandbox, postgres } = services;

it('obeys the Compose Specification', () => {
  // Of github.com/compose-spec/compose-spec, commit 170098b, Apache License 2.0.
  const text = readFileSync(join(__dirname, 'compose-spec.json'), 'utf8');
  const { $schema: _, ...schema } = JSON.parse(text) as Record<string, unknown>;
  const validate = new Ajv({ strict: false }).compile(schema);
  validate(readCompose());
  expect(validate.errors).toBeNull();
  expect(validate({ services: { notifications: { ...notifications, port: [] } } })).toBe(false);
});

it('is open to this machine alone, and the database to no one', () => {
  expect(notifications.ports).toEqual(['127.0.0.1:3000:3000']);
  expect(sandbox.ports).toEqual(['127.0.0.1:4010:4010']);
  expect(postgres.ports).toBeUndefined();
});

it('starts the service with settings that it takes, once what it needs is there', () => {
  const {
    port,
    host,
    apiKeys,
    account,
    databaseUrl = '',
    webhookSecrets,
    sealKeys,
    verification,
  } = readConfiguration(notifications.environment!);
  expect(sealKeys).toHaveLength(1);
  expect(verification).toMatchObject({ keys: [expect.any(String)], countries: 'all', guard: 'shadow' });
  expect(port).toBe(3000);
  expect(host).toBe('0.0.0.0');
  expect(apiKeys).toHaveLength(1);
  expect(webhookSecrets).toHaveLength(1);
  const { username, password, hostname, pathname } = new URL(databaseUrl);
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = postgres.environment!;
  expect(username).toEqual(POSTGRES_USER);
  expect(password).toEqual(POSTGRES_PASSWORD);
  expect(hostname).toBe('postgres');
  expect(pathname).toBe(`/${POSTGRES_DB}`);
  expect(account?.baseUrl).toBe('http://sandbox:4010/v3');
  expect(notifications.depends_on).toEqual({
    postgres: { condition: 'service_healthy' },
    sandbox: { condition: 'service_healthy' },
  });
});

it('starts the sandbox as the gateway of that account, which pushes to the service', () => {
  const [node, cli, ...args] = sandbox.command!;
  const { settings, appIds } = resolveSettings(readArguments(args).options);
  const { account, port, webhookSecrets } = readConfiguration(notifications.environment!);
  const { hostname, port: sandboxPort, pathname } = new URL(account!.baseUrl!);
  expect(node).toBe('node');
  expect(cli).toBe('dist/esm/cli.js');
  expect([...appIds]).toEqual([account!.appId]);
  expect(settings.apiKey).toEqual(account!.apiKey);
  expect(settings.apiSecret).toEqual(account!.apiSecret);
  expect(settings.host).toBe('0.0.0.0');
  expect(settings.port).toEqual(Number(sandboxPort));
  expect(settings.basePath).toEqual(pathname);
  expect(settings.allowedHosts).toEqual([hostname]);
  const webhooks = `http://notifications:${port}/laaffic/${webhookSecrets[0]}`;
  expect(settings.pushReportsTo).toBe(`${webhooks}/reports`);
  expect(settings.pushInboundTo).toBe(`${webhooks}/inbound`);
});

it('has no secret that the environment does not replace', () => {
  const own = {
    ...{ API_KEY: 'k'.repeat(20), WEBHOOK_SECRET: 'w'.repeat(20), POSTGRES_PASSWORD: 'p'.repeat(20) },
    ...{ SEAL_KEYS: 's'.repeat(43), VERIFY_KEYS: 'v'.repeat(43) },
  };
  const text = JSON.stringify(readCompose(own));
  // The base64 of "example" too.
  expect(text).not.toMatch(/example|ZXhhbXBsZ/);
  for (const value of Object.values(own)) expect(text).toContain(value);
});

it('gives the service longer to stop than it takes', () => {
  const { timing } = new OutboxSettings({ database: 'postgres://localhost/app' });
  // The outbox waits for its requests, and then some seconds more for the database.
  const longest = MAX_DRAIN_MS + timing.timeoutMs + 5_000;
  expect(Number(/^(\d+)s$/.exec(notifications.stop_grace_period!)?.[1]) * 1_000).toBeGreaterThan(longest);
});

it.each(['notifications', 'sandbox'] as const)(
  '%s has no rights that it does not need, and an image that tells its health',
  (name) => {
    const { init, read_only, cap_drop, security_opt, build } = services[name];
    expect({ init, read_only, cap_drop, security_opt }).toEqual({
      init: true,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
    const stage = readDockerfile().find((one) => one.name === build?.target);
    expect(stage?.instructions.map(({ keyword }) => keyword)).toEqual(
      expect.arrayContaining(['USER', 'HEALTHCHECK', 'CMD']),
    );
  },
);
