import { styleText } from 'node:util';
import { DEFAULT_BASE_URL } from 'nestjs-laaffic';
import type { Configuration } from './configuration.js';

/** Facts that only the running instance knows. */
export interface Instance {
  /** The address that it listens on. */
  readonly url: string;
  /** The data directory of the embedded database, if there is one. */
  readonly dataDir: string | undefined;
  readonly sandbox: { readonly url: string; readonly isOwn: boolean } | undefined;
}

/** A label and a text: `Worker`, `on`. */
export type ReportLine = readonly [label: string, text: string];

/**
 * Reports which parts of the service are on, one line each. It shows the secret of the push address only if the service
 * generated it for its sandbox.
 */
export function startReport(configuration: Configuration, { url, dataDir, sandbox }: Instance): ReportLine[] {
  const { account, apiKeys, worker } = configuration;
  const names = [...new Set(apiKeys.map(({ name }) => name))];
  return [
    ['Service', url],
    gatewayLine(account?.baseUrl, sandbox),
    ...pushLines(configuration, url, sandbox?.isOwn),
    [
      'API keys',
      names.length === 0 ? 'off. Only requests from this machine are accepted' : `on, for ${names.join(', ')}`,
    ],
    [
      'Database',
      dataDir === undefined
        ? 'the one of DATABASE_URL'
        : `its own, in ${dataDir}. Instances with the same DATA_DIR share it`,
    ],
    ['Phone verification', verificationText(configuration)],
    ['Worker', worker ? 'on' : 'off. Messages are sent by other instances'],
  ];
}

function verificationText({ verification }: Configuration): string {
  if (verification === undefined) return 'off, because VERIFY_KEYS is not set';
  const { countries, guard, keys } = verification;
  const where = countries === 'all' ? 'all countries' : countries.join(', ');
  const shadow = guard === 'shadow' ? ', with the guard in shadow' : '';
  return `on, for numbers of ${where}${shadow}${keys.length === 0 ? '. The service has made its keys' : ''}`;
}

/**
 * Lays the report out for a person: labels in bold, texts in a column. Without a terminal, or with `NO_COLOR`, nothing is
 * bold.
 */
export function layOut(report: readonly ReportLine[]): string {
  const width = Math.max(...report.map(([label]) => label.length));
  return report.map(([label, text]) => `${styleText('bold', label.padEnd(width))}  ${text}`).join('\n');
}

function gatewayLine(baseUrl: string | undefined, sandbox: Instance['sandbox']): ReportLine {
  if (sandbox === undefined) return ['Gateway', `${baseUrl ?? DEFAULT_BASE_URL}, with the account of LAAFFIC_APP_ID`];
  const where = sandbox.isOwn ? 'a sandbox in this process' : 'the sandbox of another instance';
  return ['Gateway', `${where}, ${sandbox.url}. No message is sent for real`];
}

function pushLines(configuration: Configuration, url: string, isOwnSandbox: boolean | undefined): ReportLine[] {
  const { webhookSecrets, isWebhookSecretGenerated } = configuration;
  const [secret] = webhookSecrets;
  if (secret === undefined) {
    return [
      [
        'Delivery reports',
        'not pushed, because WEBHOOK_SECRET is not set. The gateway is asked for them after 15 minutes',
      ],
      ['Inbound messages', 'off, because WEBHOOK_SECRET is not set'],
    ];
  }
  if (isOwnSandbox === false) {
    return [['Delivery reports, inbound messages', 'on. The sandbox pushes them to the instance that runs it']];
  }
  const address = `${url}/laaffic/${isWebhookSecretGenerated ? secret : '<WEBHOOK_SECRET>'}`;
  const how = isOwnSandbox === true ? 'The sandbox pushes them to' : 'The gateway has to push them to';
  const lines: ReportLine[] = [
    ['Delivery reports', `on. ${how} ${address}/reports`],
    ['Inbound messages', `on. ${how} ${address}/inbound`],
  ];
  if (isOwnSandbox !== true) {
    lines.push(['Push addresses', 'from elsewhere, the same paths at the public address of the service']);
  }
  return lines;
}
