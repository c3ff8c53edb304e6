// One way to send to many, in a process of its own; the heap that is left is looked at after a tenth and after all.
import 'reflect-metadata';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NestFactory } from '@nestjs/core';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import { ACCOUNT } from './plan.mjs';

const [name, baseUrl, count] = process.argv.slice(2);
const module = LaafficModule.forRoot({ ...ACCOUNT, baseUrl });
const app = await NestFactory.createApplicationContext(module, { logger: false });
const { open } = await import(`./${name}.mjs`);
const send = open(baseUrl, app.get(SmsService));

const heapLeft = () => {
  globalThis.gc();
  return process.memoryUsage().heapUsed / 2 ** 20;
};
const checked = async (recipients) => {
  if ((await send(recipients)) !== recipients) throw new Error('a recipient was lost');
};

await checked(count / 10);
const heapAfterTenth = heapLeft();
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
const [cpu, started] = [process.cpuUsage(), performance.now()];
await checked(Number(count));
const { user, system } = process.cpuUsage(cpu);
const seconds = (performance.now() - started) / 1000;
delays.disable();
const peak = process.resourceUsage().maxRSS / 1024;
process.send(
  {
    cpu: (user + system) / count,
    perSecond: count / seconds,
    peak,
    heapAfterTenth,
    heapAfterAll: heapLeft(),
    delay: delays.percentile(99) / 1e6,
  },
  () => process.exit(0),
);
