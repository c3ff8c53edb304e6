import { Logger } from '@nestjs/common';
import { startFailure } from './start-failure.js';
import { ConfigurationError, readConfiguration } from './configuration.js';
import { createApp } from './create-app.js';
import { migrateSchemas } from './database/migrate-schemas.js';
import { ServiceDatabase } from './database/service-database.js';
import { showFirstMessage } from './first-message.js';
import { GatewayAccount } from './gateway/gateway.account.js';
import { layOut, startReport } from './start-report.js';

/** What to do in place of serving. */
const [command] = process.argv.slice(2);

let app: Awaited<ReturnType<typeof createApp>> | undefined;
try {
  if (command === undefined) await serve();
  else if (command === 'migrate') await migrate();
  else throw new ConfigurationError(['the only command is migrate']);
} catch (error) {
  // The embedded database would continue to run.
  await app?.close().catch(() => undefined);
  process.stderr.write(`${startFailure(error)}\n`);
  process.exit(1);
}

async function serve(): Promise<void> {
  const configuration = readConfiguration(process.env, process.stdout.isTTY);
  app = await createApp(configuration);
  await app.listen(configuration.port, configuration.host);
  const url = (await app.getUrl()).replace('0.0.0.0', '127.0.0.1');
  const { dataDir } = app.get(ServiceDatabase, { strict: false });
  const gateway = app.get(GatewayAccount, { strict: false });
  const { sandboxUrl } = gateway;
  const sandbox = sandboxUrl === undefined ? undefined : { url: sandboxUrl, isOwn: gateway.sandbox !== undefined };
  const report = startReport(configuration, { url, dataDir, sandbox });
  if (configuration.logFormat === 'text') print(`\n${layOut(report)}`);
  else for (const [label, text] of report) new Logger('Service').log(`${label}: ${text}`);
  const [webhookSecret] = configuration.webhookSecrets;
  if (webhookSecret !== undefined) gateway.pushTo(url, webhookSecret);
  if (sandboxUrl !== undefined) {
    const verifies = configuration.verification !== undefined;
    await showFirstMessage({ url, sandboxUrl, apiKey: configuration.apiKeys[0]?.key, dataDir, verifies, print });
  }
}

async function migrate(): Promise<void> {
  // What the service must not change itself is changed here.
  await migrateSchemas(readConfiguration({ ...process.env, DATABASE_MIGRATE: 'on' }), print);
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
