// A client as users write it: HttpService with a keep-alive agent, firstValueFrom, the signature made for each request.
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { HttpModule, HttpService } from '@nestjs/axios';
import { NestFactory } from '@nestjs/core';
import { firstValueFrom } from 'rxjs';

export async function open(url, { appId, apiKey, apiSecret }) {
  const module = HttpModule.register({ timeout: 15_000, httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const http = app.get(HttpService);
  return async (number) => {
    const timestamp = String(Math.floor(Date.now() / 1000));
    const sign = createHash('md5')
      .update(apiKey + apiSecret + timestamp)
      .digest('hex');
    const { data } = await firstValueFrom(
      http.post(
        `${url}/sendSms`,
        { appId, numbers: number, content: 'Your code is 482913' },
        {
          headers: {
            'Content-Type': 'application/json;charset=UTF-8',
            Sign: sign,
            Timestamp: timestamp,
            'Api-Key': apiKey,
          },
        },
      ),
    );
    if (data.status !== '0') throw new Error(data.status);
    return data.array[0].msgId;
  };
}
