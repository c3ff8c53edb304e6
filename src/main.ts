import { Logger } from '@nestjs/common';
import { bootFailure } from './boot-failure.js';
import { readConfiguration } from './configuration.js';
import { createApp } from './create-app.js';
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
  const [webhookSecret] = configuration.webhookSecrets;
  if (webhookSecret !== undefined) gateway.pushTo(url, webhookSecret);
  if (gateway.sandbox !== undefined) {
    const print = (text: string) => process.stdout.write(`${text}\n`);
    await showFirstMessage({
      url,
      sandboxUrl: gateway.sandbox.url,
      apiKey: configuration.apiKeys[0]?.key,
      dataDir,
      print,
    });
  }
} catch (error) {
  // A database of this machine's own would run on.
  await app?.close().catch(() => undefined);
  process.stderr.write(`${bootFailure(error)}\n`);
  process.exit(1);
}
