// A receiver in a process of its own: the push route, or an empty route of the same platform.
import 'reflect-metadata';
import { Module, Post, Controller, HttpCode } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LaafficWebhooksModule, OnDeliveryReport } from 'nestjs-laaffic/webhooks';

const [kind, platform] = process.argv.slice(2);
const SECRET = 'a-secret-of-the-bench-0123';

class Empty {
  take() {}
}
Controller('empty')(Empty);
HttpCode(200)(Empty.prototype, 'take', Object.getOwnPropertyDescriptor(Empty.prototype, 'take'));
Post()(Empty.prototype, 'take', Object.getOwnPropertyDescriptor(Empty.prototype, 'take'));

let taken = 0;
class Reports {
  take() {
    taken++;
  }
}
OnDeliveryReport()(Reports.prototype, 'take', Object.getOwnPropertyDescriptor(Reports.prototype, 'take'));

class App {}
const isPush = kind === 'push';
Module(
  isPush
    ? { imports: [LaafficWebhooksModule.forRoot({ secret: SECRET })], providers: [Reports] }
    : { controllers: [Empty] },
)(App);

const app =
  platform === 'fastify'
    ? await NestFactory.create(App, new FastifyAdapter(), { logger: false })
    : await NestFactory.create(App, { logger: false });
await app.listen(0, '127.0.0.1');
process.send(`${await app.getUrl()}/${isPush ? `laaffic/${SECRET}/reports` : 'empty'}`);
process.on('message', () => {
  process.send({ taken, cpu: process.cpuUsage() });
});
