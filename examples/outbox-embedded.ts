import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule, type LaafficOptions } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsOutbox } from 'nestjs-laaffic-outbox';
import { EmbeddedPostgres, EmbeddedPostgresModule } from 'nestjs-embedded-postgres';

@Module({})
class App {}

export async function sendOne(account: LaafficOptions, dataDir: string, number: string) {
  const app = await NestFactory.createApplicationContext({
    module: App,
    imports: [
      LaafficModule.forRoot({ ...account, isGlobal: true }),
      LaafficOutboxModule.forRootAsync({
        imports: [EmbeddedPostgresModule.forRoot({ dataDir })],
        inject: [EmbeddedPostgres],
        useFactory: ({ url }: EmbeddedPostgres) => ({ database: url }),
      }),
    ],
  });
  const { receipt } = await app.get(SmsOutbox).send({ to: number, content: 'hello world' });
  await app.close();
  return receipt;
}
