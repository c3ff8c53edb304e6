import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsOutbox } from 'nestjs-laaffic-outbox';
import { EmbeddedPostgres } from 'nestjs-laaffic-outbox/embedded';

@Module({})
class App {}

export async function sendOne(account: LaafficOptions, dataDir: string, number: string) {
  await using server = await EmbeddedPostgres.start({ dataDir });
  const app = await NestFactory.createApplicationContext({
    module: App,
    imports: [
      LaafficModule.forRoot({ ...account, isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: server.url }),
    ],
  });
  const { receipt } = await app.get(SmsOutbox).send({ to: number, content: 'hello world' });
  await app.close();
  return receipt;
}
