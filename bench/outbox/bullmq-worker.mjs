// A worker of the same job done with BullMQ, as its manual shows it: one job for each 1,000 recipients.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { createPostgresBackend, Worker } from 'bullmq';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import { ACCOUNT, CONTENT } from '../bulk/plan.mjs';

const [baseUrl, connection, timeout] = process.argv.slice(2);
const app = await NestFactory.createApplicationContext(
  LaafficModule.forRoot({ ...ACCOUNT, baseUrl, timeoutMs: Number(timeout) }),
  { logger: false },
);
const sms = app.get(SmsService);

// The queue retries what fails; the receipt is kept as the job's result.
const send = async ({ data }) => {
  const receipt = await sms.send({ to: data.numbers, content: CONTENT });
  return { msgIds: receipt.accepted.map(({ msgId }) => msgId) };
};
const options = { connection, concurrency: 6, lockDuration: 5_000, stalledInterval: 5_000 };
const worker = new Worker('campaign', send, options, createPostgresBackend);
worker.on('error', () => undefined);
await worker.waitUntilReady();
process.send?.('ready');
process.on('message', () => void worker.close().then(() => process.exit(0)));
