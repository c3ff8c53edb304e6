import { join } from 'node:path';
import { installNode, makeConsumer } from './consumer.js';
import { declaredNames } from './declared-names.js';
import { expectPushesTaken, platforms } from './pushes.js';
import { run } from './run.js';

const values = [
  'BulkReceipt',
  'BulkRun',
  'BulkStoppedError',
  'GatewayClock',
  'InjectSms',
  'JournalError',
  'JsonLinesJournal',
  'LAAFFIC_HTTP_STATUSES',
  'LaafficAccountException',
  'LaafficClockException',
  'LaafficException',
  'LaafficExceptionFilter',
  'LaafficInputException',
  'LaafficLimitException',
  'LaafficModule',
  'LaafficOptionsError',
  'LaafficPlatformException',
  'LaafficTransportException',
  'LaafficUnreadableException',
  'STATUS_TABLE',
  'SmsReceipt',
  'SmsService',
  'UseLaafficErrors',
  'getSmsToken',
  'invalidCommand',
  'maskNumber',
  'readRecipients',
  'readSendCommand',
  'segments',
  'sign',
  'toGsm7',
  'toHttpException',
  'toInputException',
];

const types = [
  'AcceptedRecipient',
  'AccountOptions',
  'Balance',
  'BulkCounts',
  'BulkJournal',
  'BulkMessage',
  'BulkOptions',
  'BulkRequest',
  'CharacterOutsideGsm7',
  'CheckedSms',
  'ConnectionOptions',
  'ConversionInput',
  'DeliveryReport',
  'DeliveryState',
  'Failure',
  'FailureKind',
  'FailureOutcome',
  'GatewayQueryEnded',
  'GatewayRequestStarted',
  'GatewaySendEnded',
  'GatewayTraffic',
  'FinishedRequest',
  'HttpStatusOverrides',
  'InboundSms',
  'Issue',
  'LaafficErrorBody',
  'LaafficModuleExtras',
  'LaafficOptions',
  'PositionRange',
  'Price',
  'QueryEndpoint',
  'QueryOptions',
  'QueryRetryOptions',
  'RecipientFailures',
  'RateOptions',
  'Recipient',
  'RecipientInput',
  'RecipientSource',
  'RejectedRecipient',
  'SendEndpoint',
  'SendOptions',
  'SendSms',
  'SmsSegments',
  'TimeRange',
  'TlsOptions',
  'UnknownRecipient',
];

const outboxValues = [
  'LaafficOutboxModule',
  'OnCampaignDone',
  'OnRecipientState',
  'OutboxError',
  'OutboxOptionsError',
  'SmsCampaigns',
  'SmsOutbox',
  'migrateOutbox',
];

const outboxTypes = [
  'AccountPause',
  'ActivityRecipients',
  'ActivityState',
  'AfterGrace',
  'AfterGraceOptions',
  'Campaign',
  'CampaignEntryOrigin',
  'CampaignFilter',
  'CampaignProgress',
  'CampaignRecipient',
  'CampaignSource',
  'CampaignState',
  'CreatedCampaign',
  'EmittedState',
  'EnqueueOptions',
  'EnqueuedSms',
  'FinishedCampaign',
  'HeldDecision',
  'HeldRecipient',
  'JournalEntry',
  'LaafficOutboxModuleExtras',
  'LaafficOutboxOptions',
  'Lane',
  'LaneLimit',
  'NewCampaign',
  'OutboxActivity',
  'OutboxErrorCode',
  'OutboxHandlerDecorator',
  'OutboxMessage',
  'OutboxRateOptions',
  'OutboxRecipient',
  'OutboxStats',
  'OutboxTimingOptions',
  'OutboxWorkerOptions',
  'RecipientState',
  'RecipientStateEvent',
  'RecipientStateFilter',
  'ResolveOptions',
  'ResultsFilter',
  'SqlTransaction',
  'WatchOptions',
];

/** What each entry gives at run time, and where its CommonJS build is. */
const entries: [entry: string, file: string, names: readonly string[]][] = [
  ['nestjs-laaffic', 'index.js', values],
  ['nestjs-laaffic/commands', 'commands/index.js', ['SendSmsCommand']],
  [
    'nestjs-laaffic/webhooks',
    'webhooks/index.js',
    [
      'LaafficWebhooksModule',
      'MemoryPushStore',
      'OnDeliveryReport',
      'OnInboundSms',
      'OnUnreadablePush',
      'PushCounts',
      'PushStore',
    ],
  ],
  [
    'nestjs-laaffic/health',
    'health/index.js',
    ['InjectLaafficHealth', 'LaafficHealthIndicator', 'LaafficHealthModule', 'getLaafficHealthToken'],
  ],
  ['nestjs-laaffic/telemetry', 'telemetry/index.js', ['LaafficTelemetryModule']],
  [
    'nestjs-laaffic/testing',
    'testing/index.js',
    ['FakeSmsService', 'LaafficTestingModule', 'inboundPush', 'reportPush', 'signRequest'],
  ],
  ['nestjs-laaffic-outbox', 'index.js', outboxValues],
  ['nestjs-laaffic-outbox/embedded', 'embedded/index.js', ['EmbeddedPostgres', 'EmbeddedPostgresError']],
  ['nestjs-laaffic-outbox/health', 'health/index.js', ['OutboxHealthIndicator', 'OutboxHealthModule']],
  ['nestjs-laaffic-outbox/telemetry', 'telemetry/index.js', ['OutboxTelemetryModule']],
];

interface Report {
  readonly receipt: { readonly accepted: readonly object[] };
  readonly ledger: unknown;
  readonly inVain: unknown;
}

const projects = ['esm-nest-12', 'cjs-nest-11'] as const;
const newestLts = '24';
const nodes = ['this Node', `Node ${newestLts}`];

const dirs = new Map<string, string>();
const programs = new Map([['this Node', process.execPath]]);

async function runIn(project: string, node: string, ...args: string[]): Promise<{ printed: unknown; stderr: string }> {
  const { stdout, stderr } = await run(dirs.get(project)!, programs.get(node)!, ...args);
  // What it logged beside is shown where it is not the answer.
  return { printed: stdout.startsWith('{') ? JSON.parse(stdout) : stdout, stderr };
}

beforeAll(async () => {
  const made = await Promise.all(projects.map(makeConsumer));
  projects.forEach((project, index) => dirs.set(project, made[index]!));
  programs.set(`Node ${newestLts}`, await installNode(newestLts));
});

describe.each(projects)('a project like %s', (project) => {
  describe.each(nodes)('on %s', (node) => {
    it('sends through an injected service to a sandbox that has it in its ledger', async () => {
      const { printed, stderr } = await runIn(project, node, 'main.js');
      const { receipt, ledger, inVain } = printed as Report;

      expect(receipt).toEqual({
        accepted: [
          {
            number: '8613800138000',
            orderId: expect.stringMatching(/^[^,]+$/) as string,
            msgId: expect.stringMatching(/^\d{19}$/) as string,
          },
        ],
        rejected: [],
        unknown: [],
      });
      expect(ledger).toEqual([{ ...receipt.accepted[0], content: 'Hello' }]);
      expect(inVain).toEqual({ code: 'LAAFFIC_NOT_CONNECTED', outcome: 'rejected' });
      expect(stderr).toBe('');
    });

    it('sends durably, with a database of its own', async () => {
      const dataDir = join(dirs.get(project)!, `data-${node.replace(' ', '-')}`);

      expect(await runIn(project, node, 'outbox.js', dataDir)).toEqual({
        printed: { accepted: 1, state: 'done', sent: ['8613800138000', '8613800138002', '8613800138003'] },
        stderr: '',
      });
    });

    it.each(platforms)('takes pushes on %s, and refuses strangers like an unknown route', async (platform) => {
      expectPushesTaken(platform, await runIn(project, node, 'webhooks.js', platform));
    });

    it.each(entries)('gets the same classes of %s by import and by require', async (entry, _, names) => {
      expect(await runIn(project, node, 'loading.mjs', entry)).toEqual({
        printed: { names, different: [] },
        stderr: '',
      });
    });
  });
});

describe('a project like cjs-nest-11 whose loader cannot require ES modules', () => {
  describe.each(nodes)('on %s', (node) => {
    it.each(entries)('gets the CommonJS build of %s', async (entry, file, names) => {
      expect(await runIn('cjs-nest-11', node, '--no-experimental-require-module', 'commonjs.cjs', entry)).toEqual({
        printed: { file: `node_modules/${entry.split('/')[0]!}/dist/cjs/${file}`, names },
        stderr: '',
      });
    });

    it.each(platforms)('takes pushes on %s by the CommonJS build', async (platform) => {
      const args = ['--no-experimental-require-module', 'webhooks.js', platform];

      expectPushesTaken(platform, await runIn('cjs-nest-11', node, ...args));
    });
  });

  it('runs inside Jest', async () => {
    const config = JSON.stringify({ transform: {}, testMatch: ['**/in-jest.cjs'] });
    const jest = [require.resolve('jest/bin/jest'), '--json', '--config', config];

    expect((await runIn('cjs-nest-11', 'this Node', ...jest)).printed).toMatchObject({
      numTotalTests: 1,
      numPassedTests: 1,
      success: true,
    });
  });
});

it.each([
  ['nestjs-laaffic', 'esm', [...values, ...types]],
  ['nestjs-laaffic', 'cjs', [...values, ...types]],
  ['nestjs-laaffic-outbox', 'esm', [...outboxValues, ...outboxTypes]],
  ['nestjs-laaffic-outbox', 'cjs', [...outboxValues, ...outboxTypes]],
])('the declarations of %s, %s build, have the intended names', (name, build, names) => {
  const file = join(dirs.get('cjs-nest-11')!, 'node_modules', name, 'dist', build, 'index.d.ts');

  expect(declaredNames(file)).toEqual([...names].sort());
});
