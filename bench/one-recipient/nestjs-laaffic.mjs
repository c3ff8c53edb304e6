import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LaafficModule, SmsService } from 'nestjs-laaffic';

export async function open(baseUrl, account) {
  const module = LaafficModule.forRoot({ ...account, baseUrl });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const sms = app.get(SmsService);
  return async (number) => {
    const { accepted } = await sms.send({ to: number, content: 'Your code is 482913' });
    return accepted[0].msgId;
  };
}
