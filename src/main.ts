import { Logger } from '@nestjs/common';
import { ConfigurationError, readConfiguration } from './configuration.js';
import { createApp } from './create-app.js';
import { DatabaseError } from './database/database.error.js';
import { ServiceDatabase } from './database/service-database.js';
import { showFirstMessage } from './first-message.js';
import { GatewayAccount } from './gateway/gateway.account.js';

let app: Awaited<ReturnType<typeof createApp>> | undefined;
try {
  const configuration = readConfiguration(process.env, process.stdout.isTTY);
  app = await createApp(configuration);
  await app.listen(configuration.port, configuration.host);
  const url = (await app.getUrl()).replace('0.0.0.0', '127.0.0.1');
  const { dataDir } = app.get(ServiceDatabase, { strict: false });
  new Logger('Service').log(`Messages are kept in ${dataDir ?? 'the database of DATABASE_URL'}`);
  const gateway = app.get(GatewayAccount, { strict: false });
  if (configuration.webhookSecret !== undefined) gateway.pushTo(url, configuration.webhookSecret);
  if (gateway.sandbox !== undefined) {
    const print = (text: string) => process.stdout.write(`${text}\n`);
    await showFirstMessage({ url, sandboxUrl: gateway.sandbox.url, apiKey: configuration.apiKeys[0], dataDir, print });
  }
} catch (error) {
  // A database of this machine's own would run on.
  await app?.close().catch(() => undefined);
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
}

/** What the operator can mend is said in one line; anything else comes with its stack. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE') return `${error.message}: set PORT to a free one`;
  if (error instanceof ConfigurationError || error instanceof DatabaseError) return error.message;
  if (code === 'LAAFFIC_INVALID_OPTIONS') return error.message;
  return error.stack ?? error.message;
}
