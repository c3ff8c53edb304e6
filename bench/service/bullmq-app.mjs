// What one would write without the service: a controller that adds a job of BullMQ, and a worker of 20 in the same process
// that sends it. Jobs are kept in PostgreSQL, as the messages of the service are. `Prefer: respond-async` answers when
// the job is added, anything else when it has ended.
import 'reflect-metadata';
import { Body, Controller, Get, Headers, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createPostgresBackend, Queue, QueueEvents, runMigrations, Worker } from 'bullmq';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import pg from 'pg';

const { PORT, DATABASE_URL, LAAFFIC_APP_ID, LAAFFIC_API_KEY, LAAFFIC_API_SECRET, LAAFFIC_BASE_URL } = process.env;
const WAIT = 15_000;

const client = new pg.Client(DATABASE_URL);
await client.connect();
await runMigrations(client);
await client.end();
const connection = DATABASE_URL;
const queue = new Queue('messages', { connection, defaultJobOptions: { attempts: 5 } }, createPostgresBackend);
const ended = new QueueEvents('messages', { connection }, createPostgresBackend);
for (const one of [queue, ended]) one.setMaxListeners(0).on('error', () => undefined);
await ended.waitUntilReady();

class MessagesController {
  async send(body, prefer) {
    const job = await queue.add('send', body);
    if (prefer === 'respond-async') return { id: job.id };
    return job.waitUntilFinished(ended, WAIT);
  }

  live() {
    return { status: 'ok' };
  }
}
const { prototype } = MessagesController;
const descriptorOf = (name) => Object.getOwnPropertyDescriptor(prototype, name);
Post('v1/messages')(prototype, 'send', descriptorOf('send'));
HttpCode(201)(prototype, 'send', descriptorOf('send'));
Body()(prototype, 'send', 0);
Headers('prefer')(prototype, 'send', 1);
Get('health/live')(prototype, 'live', descriptorOf('live'));
Controller()(MessagesController);

class App {}
Module({
  imports: [
    LaafficModule.forRoot({
      appId: LAAFFIC_APP_ID,
      apiKey: LAAFFIC_API_KEY,
      apiSecret: LAAFFIC_API_SECRET,
      baseUrl: LAAFFIC_BASE_URL,
    }),
  ],
  controllers: [MessagesController],
})(App);
const app = await NestFactory.create(App, { logger: false });
const sms = app.get(SmsService);
const send = async ({ data }) => {
  const receipt = await sms.send(data);
  return { accepted: receipt.accepted };
};
const worker = new Worker('messages', send, { connection, concurrency: 20 }, createPostgresBackend);
worker.on('error', () => undefined);
await worker.waitUntilReady();
await app.listen(Number(PORT), '127.0.0.1');
