import { ConfigurationError, readConfiguration } from './configuration.js';
import { createApp } from './create-app.js';
import { showFirstMessage } from './first-message.js';
import { GatewayAccount } from './gateway/gateway.account.js';

try {
  const configuration = readConfiguration(process.env, process.stdout.isTTY);
  const app = await createApp(configuration);
  await app.listen(configuration.port, configuration.host);
  const url = (await app.getUrl()).replace('0.0.0.0', '127.0.0.1');
  const gateway = app.get(GatewayAccount, { strict: false });
  if (configuration.webhookSecret !== undefined) gateway.pushTo(url, configuration.webhookSecret);
  if (gateway.sandbox !== undefined) {
    const print = (text: string) => process.stdout.write(`${text}\n`);
    await showFirstMessage(url, gateway.sandbox.url, configuration.apiKeys[0], print);
  }
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

/** What the operator can mend is said in one line; anything else comes with its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `${error.message}: set PORT to a free one`;
  if (error instanceof ConfigurationError || code === 'LAAFFIC_INVALID_OPTIONS') return error.message;
  return error.stack ?? error.message;
}
