import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { ACCOUNT } from '../bulk/plan.mjs';

/** An app with the outbox, as a user has it. */
export function startApp(baseUrl, outbox) {
  class App {}
  Module({
    imports: [LaafficModule.forRoot({ ...ACCOUNT, baseUrl, isGlobal: true }), LaafficOutboxModule.forRoot(outbox)],
  })(App);
  return NestFactory.createApplicationContext(App, { logger: ['error'] });
}
