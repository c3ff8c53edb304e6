import { Controller, Get, Module, Param, UseFilters } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { LaafficExceptionFilter, toHttpException, UseLaafficErrors } from 'nestjs-laaffic';
import { OutboxError, type OutboxErrorCode } from 'nestjs-laaffic-outbox';

const UNUSABLE = 'The message store is not available';

/** Each code, and how callers are answered; the words of the error where they can do something about it. */
const STATUSES: Record<OutboxErrorCode, number> = {
  OUTBOX_NOT_FOUND: 404,
  OUTBOX_WRONG_STATE: 409,
  OUTBOX_CAMPAIGN_BUSY: 409,
  OUTBOX_KEY_REUSED: 422,
  OUTBOX_OPTED_OUT: 422,
  OUTBOX_SOURCE_CHANGED: 422,
  OUTBOX_SOURCE_FAILED: 400,
  OUTBOX_INVALID_MESSAGE: 400,
  OUTBOX_DATABASE_ENCODING: 422,
  OUTBOX_DATABASE_UNAVAILABLE: 503,
  OUTBOX_DATABASE_READ_ONLY: 503,
  OUTBOX_DATABASE_FULL: 503,
  OUTBOX_DATABASE_DENIED: 500,
  OUTBOX_DATABASE_REJECTED: 500,
  OUTBOX_DATABASE_SETTINGS: 500,
  OUTBOX_DATABASE_VERSION: 500,
  OUTBOX_SCHEMA_MISSING: 500,
  OUTBOX_SCHEMA_TOO_NEW: 500,
  OUTBOX_INVALID_TRANSACTION: 500,
  OUTBOX_ABORTED: 500,
};
const NAMES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Unprocessable Entity',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function failing(code: string): never {
  throw new OutboxError(code as OutboxErrorCode, 'what went wrong', { outcome: 'unknown' });
}

@Controller()
class Failing {
  @Get('decorated/:code')
  @UseLaafficErrors({ OUTBOX_INVALID_TRANSACTION: 418 })
  decorated(@Param('code') code: string): void {
    failing(code);
  }

  @Get('filtered/:code')
  @UseFilters(LaafficExceptionFilter)
  filtered(@Param('code') code: string): void {
    failing(code);
  }

  @Get('other')
  @UseLaafficErrors()
  other(): void {
    throw Object.assign(new Error('x'), { code: 'OUTBOX_NOT_FOUND' });
  }
}

@Module({ controllers: [Failing] })
class App {}

describe.each([
  ['Express', () => new ExpressAdapter()],
  ['Fastify', () => new FastifyAdapter()],
])('an OutboxError, on %s', (_, adapter) => {
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const app = await NestFactory.create(App, adapter(), { logger: false });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    close = () => app.close();
  });
  afterAll(() => close());
  const ask = async (path: string) => {
    const answer = await fetch(`${url}/${path}`);
    return [answer.status, await answer.json()];
  };

  it.each(Object.entries(STATUSES))('with the code %s leads to the status %i', async (code, statusCode) => {
    const message = statusCode < 500 ? 'what went wrong' : UNUSABLE;
    const body = { statusCode, message, error: NAMES[statusCode], code, outcome: 'unknown' };
    expect(await ask(`filtered/${code}`)).toEqual([statusCode, body]);
    if (code !== 'OUTBOX_INVALID_TRANSACTION') expect(await ask(`decorated/${code}`)).toEqual([statusCode, body]);
  });

  it('may have a status of the app', async () => {
    expect(await ask('decorated/OUTBOX_INVALID_TRANSACTION')).toMatchObject([418, { message: 'what went wrong' }]);
  });

  it('is not recognized by its code alone', async () => {
    expect(await ask('other')).toMatchObject([500, { message: 'Internal server error' }]);
  });
});

it('toHttpException converts an OutboxError for filters of the app', () => {
  const exception = toHttpException(new OutboxError('OUTBOX_NOT_FOUND', 'There is no campaign 7'));
  expect(exception.name).toBe('NotFoundException');
  expect(exception.getStatus()).toBe(404);
  expect(exception.message).toBe('There is no campaign 7');
});
