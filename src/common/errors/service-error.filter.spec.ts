import { inspect } from 'node:util';
import { Controller, Get, Module, Post, ServiceUnavailableException, type LoggerService } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ServiceErrorFilter } from './service-error.filter.js';

@Controller()
class FailingController {
  @Get()
  fail(): never {
    throw Object.assign(new Error('failed for 91856321412'), { code: '22P02', detail: 'values (91856321412)' });
  }

  @Post()
  failToo(): never {
    return this.fail();
  }

  @Get('health')
  health(): never {
    throw new ServiceUnavailableException({ status: 'error', details: {} });
  }
}

@Module({ controllers: [FailingController], providers: [{ provide: APP_FILTER, useClass: ServiceErrorFilter }] })
class FailingModule {}

describe('ServiceErrorFilter', () => {
  const lines: unknown[] = [];
  let app: NestExpressApplication;
  beforeAll(async () => {
    const keep = (line: unknown) => {
      lines.push(line);
    };
    const logger: LoggerService = { log: () => undefined, warn: keep, error: keep };
    app = await NestFactory.create<NestExpressApplication>(FailingModule, { logger });
    await app.listen(0, '127.0.0.1');
  });
  afterAll(() => app.close());

  it.each([
    ['GET', 'rejected'],
    ['POST', 'unknown'],
  ])(
    'responds to a fault of the service for %s in the common form, and logs its place without its message',
    async (method, outcome) => {
      lines.length = 0;
      const answer = await fetch(await app.getUrl(), { method });
      expect(answer.status).toBe(500);
      expect(await answer.json()).toEqual({
        statusCode: 500,
        message: 'A fault of the service',
        error: 'Internal Server Error',
        code: 'INTERNAL_SERVER_ERROR',
        outcome,
      });
      expect(lines).toEqual([
        {
          event: 'request failed',
          cause: 'Error 22P02',
          at: expect.arrayContaining([expect.stringContaining('service-error.filter.spec')]),
        },
      ]);
      expect(inspect(lines, { depth: 9 })).not.toContain('91856321412');
    },
  );

  it('leaves the body of a health check as it is', async () => {
    const answer = await fetch(`${await app.getUrl()}/health`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({ status: 'error', details: {} });
  });
});
