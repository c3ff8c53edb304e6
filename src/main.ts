import { Logger } from '@nestjs/common';
import { startFailure } from './start-failure.js';
import { readConfiguration } from './configuration.js';
import { createApp } from './create-app.js';
import { ServiceDatabase } from './database/service-database.js';
import { showFirstMessage } from './first-message.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { layOut, startReport } from './start-report.js';

let app: Awaited<ReturnType<typeof createApp>> | undefined;
try {
  const configuration = readConfiguration(process.env, process.stdout.isTTY);
  app = await createApp(configuration);
  await app.listen(configuration.port, configuration.host);
  const url = (await app.getUrl()).replace('0.0.0.0', '127.0.0.1');
  const { dataDir } = app.get(ServiceDatabase, { strict: false });
  const gateway = app.get(GatewayAccount, { strict: false });
  const { sandboxUrl } = gateway;
  const sandbox = sandboxUrl === undefined ? undefined : { url: sandboxUrl, isOwn: gateway.sandbox !== undefined };
  const print = (text: string) => process.stdout.write(`${text}\n`);
  const report = startReport(configuration, { url, dataDir, sandbox });
  if (configuration.logFormat === 'text') print(`\n${layOut(report)}`);
  else for (const [label, text] of report) new Logger('Service').log(`${label}: ${text}`);
  const [webhookSecret] = configuration.webhookSecrets;
  if (webhookSecret !== undefined) gateway.pushTo(url, webhookSecret);
  if (sandboxUrl !== undefined) {
    await showFirstMessage({ url, sandboxUrl, apiKey: configuration.apiKeys[0]?.key, dataDir, print });
  }
} catch (error) {
  // The embedded database would continue to run.
  await app?.close().catch(() => undefined);
  process.stderr.write(`${startFailure(error)}\n`);
  process.exit(1);
}
