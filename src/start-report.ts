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

/**
 * Reports which parts of the service are on, one line each. It shows the secret of the push address only if the service
 * generated it for its sandbox.
 */
export function startReport(configuration: Configuration, { url, dataDir, sandbox }: Instance): string[] {
  const { account, apiKeys, worker } = configuration;
  const names = [...new Set(apiKeys.map(({ name }) => name))];
  return [
    `Service: ${url}`,
    gatewayLine(account?.baseUrl, sandbox),
    ...pushLines(configuration, url, sandbox?.isOwn),
    names.length === 0
      ? 'API keys: off. Only requests from this machine are accepted'
      : `API keys: on, for ${names.join(', ')}`,
    dataDir === undefined
      ? 'Database: the one of DATABASE_URL'
      : `Database: its own, in ${dataDir}. Instances with the same DATA_DIR share it`,
    worker ? 'Worker: on' : 'Worker: off. Messages are sent by other instances',
  ];
}

/**
 * Lays the report out for a person: labels in bold, texts in a column. Without a terminal, or with `NO_COLOR`, nothing is
 * bold.
 */
export function layOut(report: readonly string[]): string {
  const lines = report.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const);
  const width = Math.max(...lines.map(([label]) => label.length));
  return lines.map(([label, text]) => `${styleText('bold', label.padEnd(width))}  ${text}`).join('\n');
}

function gatewayLine(baseUrl: string | undefined, sandbox: Instance['sandbox']): string {
  if (sandbox === undefined) return `Gateway: ${baseUrl ?? DEFAULT_BASE_URL}, with the account of LAAFFIC_APP_ID`;
  const where = sandbox.isOwn ? 'a sandbox in this process' : 'the sandbox of another instance';
  return `Gateway: ${where}, ${sandbox.url}. No message is sent for real`;
}

function pushLines(configuration: Configuration, url: string, isOwnSandbox: boolean | undefined): string[] {
  const { webhookSecrets, isWebhookSecretGenerated } = configuration;
  const [secret] = webhookSecrets;
  if (secret === undefined) {
    return [
      'Delivery reports: not pushed, because WEBHOOK_SECRET is not set. The gateway is asked for them after 15 minutes',
      'Inbound messages: off, because WEBHOOK_SECRET is not set',
    ];
  }
  if (isOwnSandbox === false) {
    return ['Delivery reports, inbound messages: on. The sandbox pushes them to the instance that runs it'];
  }
  const address = `${url}/laaffic/${isWebhookSecretGenerated ? secret : '<WEBHOOK_SECRET>'}`;
  const how = isOwnSandbox === true ? 'The sandbox pushes them to' : 'The gateway has to push them to';
  return [
    `Delivery reports: on. ${how} ${address}/reports`,
    `Inbound messages: on. ${how} ${address}/inbound`,
    ...(isOwnSandbox === true
      ? []
      : ['Push addresses: from elsewhere, the same paths at the public address of the service']),
  ];
}
