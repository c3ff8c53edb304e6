import { Module, type INestApplicationContext, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule, type LaafficOutboxOptions } from 'nestjs-laaffic-outbox';
import type { LaafficSandbox } from 'laaffic-sandbox';
import { ACCOUNT } from '../module/account.js';

/** Short times, with late reports. */
export const SOON = {
  startWithinMs: 2_500,
  timeoutMs: 2_500,
  leaseMs: 5_200,
  gracePeriodMs: 5_000,
  lookupIntervalMs: 100,
};

/** Starts an app with the outbox on a sandbox. The caller closes it. */
export async function startApp(
  sandbox: Pick<LaafficSandbox, 'url'>,
  options: LaafficOutboxOptions,
  more: ModuleMetadata = {},
): Promise<INestApplicationContext> {
  @Module({
    ...more,
    imports: [
      LaafficModule.forRoot({ ...ACCOUNT, baseUrl: sandbox.url, isGlobal: true }),
      LaafficOutboxModule.forRoot({ ...options, isGlobal: true }),
      ...(more.imports ?? []),
    ],
  })
  class App {}
  return NestFactory.createApplicationContext(App, { logger: ['error', 'warn'], abortOnError: false });
}
