import { readConfiguration } from './configuration.js';
import { layOut, startReport, type Instance } from './start-report.js';

const url = 'http://127.0.0.1:3000';
const ACCOUNT = { LAAFFIC_APP_ID: 'app-1', LAAFFIC_API_KEY: 'key-of-mine', LAAFFIC_API_SECRET: 'secret-of-mine' };
const WEBHOOK_SECRET = 'a-secret-of-my-own-0123';
const API_KEYS = 'shop:key-of-a-caller-01,shop:key-of-a-caller-02,key-of-a-caller-03';
const sandbox = { url: 'http://127.0.0.1:4010/v3', isOwn: true };

function reportOf(env: NodeJS.ProcessEnv, instance: Partial<Instance> = {}): string[] {
  return linesOf(startReport(readConfiguration(env), { url, dataDir: undefined, sandbox: undefined, ...instance }));
}

function linesOf(report: ReturnType<typeof startReport>): string[] {
  return report.map(([label, text]) => `${label}: ${text}`);
}

it('the report of a start without settings shows all addresses, with the generated push address', () => {
  const configuration = readConfiguration({});
  const [secret] = configuration.webhookSecrets;
  expect(linesOf(startReport(configuration, { url, dataDir: '/data', sandbox }))).toEqual([
    'Service: http://127.0.0.1:3000',
    'Gateway: a sandbox in this process, http://127.0.0.1:4010/v3. No message is sent for real',
    `Delivery reports: on. The sandbox pushes them to http://127.0.0.1:3000/laaffic/${secret}/reports`,
    `Inbound messages: on. The sandbox pushes them to http://127.0.0.1:3000/laaffic/${secret}/inbound`,
    'API keys: off. Only requests from this machine are accepted',
    'Database: its own, in /data. Instances with the same DATA_DIR share it',
    'Phone verification: on, for numbers of all countries, with the guard in shadow. The service has made its keys',
    'Worker: on',
  ]);
});

it('the report names the sandbox of another instance', () => {
  expect(reportOf({}, { sandbox: { ...sandbox, isOwn: false } })).toEqual(
    expect.arrayContaining([
      'Gateway: the sandbox of another instance, http://127.0.0.1:4010/v3. No message is sent for real',
      'Delivery reports, inbound messages: on. The sandbox pushes them to the instance that runs it',
    ]),
  );
});

it('the report for a real account says how pushes arrive, without any secret', () => {
  const env = { ...ACCOUNT, WEBHOOK_SECRET, API_KEYS, DATABASE_URL: 'postgres://sms:hidden@db/sms', WORKER: 'off' };
  const report = reportOf(env);
  expect(report).toEqual([
    'Service: http://127.0.0.1:3000',
    'Gateway: https://api.laaffic.com/v3, with the account of LAAFFIC_APP_ID',
    'Delivery reports: on. The gateway has to push them to http://127.0.0.1:3000/laaffic/<WEBHOOK_SECRET>/reports',
    'Inbound messages: on. The gateway has to push them to http://127.0.0.1:3000/laaffic/<WEBHOOK_SECRET>/inbound',
    'Push addresses: from elsewhere, the same paths at the public address of the service',
    'API keys: on, for shop, key-3',
    'Database: the one of DATABASE_URL',
    'Phone verification: off, because VERIFY_KEYS is not set',
    'Worker: off. Messages are sent by other instances',
  ]);
  expect(report.join()).not.toMatch(/of-mine|of-my-own|of-a-caller|hidden/);
});

it('the report says that no reports are pushed without a secret', () => {
  const env = { ...ACCOUNT, LAAFFIC_BASE_URL: 'http://127.0.0.1:4010/v3' };
  expect(reportOf(env)).toEqual(
    expect.arrayContaining([
      'Gateway: http://127.0.0.1:4010/v3, with the account of LAAFFIC_APP_ID',
      'Delivery reports: not pushed, because WEBHOOK_SECRET is not set. The gateway is asked for them after 15 minutes',
      'Inbound messages: off, because WEBHOOK_SECRET is not set',
    ]),
  );
});

it('the report says for which numbers phone verification is, and not its keys', () => {
  const [key, sealKey] = [1, 2].map((byte) => Buffer.alloc(32, byte).toString('base64')) as [string, string];
  const verify = { VERIFY_KEYS: key, SEAL_KEYS: sealKey, VERIFY_COUNTRIES: 'GB,DE', VERIFY_GUARD: 'shadow' };
  const report = reportOf({ ...ACCOUNT, ...verify, VERIFY_EXPECTED_PER_DAY: '50', VERIFY_APP: 'ACME' });
  expect(report).toContain('Phone verification: on, for numbers of GB, DE, with the guard in shadow');
  expect(report.join()).not.toContain(key);
});

it('the report hides a secret that was set, even for a sandbox', () => {
  expect(reportOf({ WEBHOOK_SECRET }, { sandbox }).join()).not.toContain(WEBHOOK_SECRET);
});

it('the report for a person has its texts in a column, and no escape codes without a terminal', () => {
  const report = [
    ['Service', 'http://127.0.0.1:3000'],
    ['Worker', 'off. Messages: by other instances'],
  ] as const;
  expect(layOut(report)).toBe('Service  http://127.0.0.1:3000\nWorker   off. Messages: by other instances');
});
