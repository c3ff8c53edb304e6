// One worker process. FREEZE names the step at which it stops itself once, like a suspended virtual machine.
import 'reflect-metadata';
import { writeSync } from 'node:fs';
import { channel } from 'node:diagnostics_channel';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { SAMPLE_ACCOUNT } from 'laaffic-sandbox';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import pg from 'pg';

const {
  database,
  gateway,
  outbox,
  freeze,
  freezeAfter = 0,
  skew = 0,
  tellsSends = false,
} = JSON.parse(process.argv[2]);

if (skew !== 0) {
  const now = Date.now;
  Date.now = () => now() + skew;
}

let passed = 0;
/** @param {string} step */
function at(step) {
  if (step !== freeze || ++passed !== freezeAfter + 1) return;
  // Written synchronously: nothing runs after the stop until the process is continued.
  writeSync(1, 'frozen\n');
  process.kill(process.pid, 'SIGSTOP');
}

class FreezingPool extends pg.Pool {
  async query(text, params) {
    const step = /\.claim_chunks_\w+\(/.test(text) ? 'claim' : /\.store_results_\w+\(/.test(text) ? 'store' : undefined;
    if (step === undefined) return super.query(text, params);
    at(`before-${step}`);
    const result = await super.query(text, params);
    if (step === 'store' || result.rows.some((row) => row.chunk_id !== null)) at(`after-${step}`);
    return result;
  }
}

channel('undici:request:create').subscribe(() => at('before-write'));
channel('undici:client:sendHeaders').subscribe(({ request }) => {
  tellSend(request);
  at('after-write');
});

/** When a request was written, by a monotonic clock, and the number of its recipients. */
function tellSend({ path, body }) {
  if (!tellsSends || !path.endsWith('/sendSms')) return;
  const { numbers } = JSON.parse(Buffer.from(body).toString());
  writeSync(1, `sent ${performance.timeOrigin + performance.now()} ${numbers.split(',').length}\n`);
}

const pool = new FreezingPool({ connectionString: database, max: 10 });
pool.on('error', () => undefined);

class App {}
Module({
  imports: [
    LaafficModule.forRoot({
      ...SAMPLE_ACCOUNT,
      baseUrl: gateway,
      isGlobal: true,
    }),
    LaafficOutboxModule.forRoot({ database: pool, ...outbox }),
  ],
})(App);

const app = await NestFactory.createApplicationContext(App, {
  logger: process.env.CHAOS_LOG ? ['error', 'warn'] : false,
});
app.enableShutdownHooks();
writeSync(1, 'ready\n');
