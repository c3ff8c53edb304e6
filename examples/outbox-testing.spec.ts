import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { SmsService } from 'nestjs-laaffic';
import { LaafficOutboxModule, SmsOutbox } from 'nestjs-laaffic-outbox';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';

@Injectable()
class Logins {
  constructor(private readonly outbox: SmsOutbox) {}

  async sendCode(number: string, code: string) {
    const { receipt } = await this.outbox.send(
      { to: number, content: `Your code is ${code}` },
      { idempotencyKey: code },
    );
    return receipt?.accepted.length === 1;
  }
}

let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await EmbeddedPostgres.start({ dataDir: join(tmpdir(), 'logins-test') });
});
afterAll(() => postgres.close());

it('sends a code once, however often sendCode is called', async () => {
  const app = await Test.createTestingModule({
    imports: [
      LaafficTestingModule.forRoot({ isGlobal: true }),
      LaafficOutboxModule.forRoot({ database: postgres.url, schema: 'sends_once', worker: { pollIntervalMs: 20 } }),
    ],
    providers: [Logins],
  }).compile();
  await app.init();
  const sms = app.get<FakeSmsService>(SmsService);

  expect(await app.get(Logins).sendCode('91856321412', '482913')).toBe(true);
  expect(await app.get(Logins).sendCode('91856321412', '482913')).toBe(true);
  sms.assertSentCount(1);
  sms.assertSentTo('91856321412', ({ content }) => content.includes('482913'));

  sms.failNext({ failure: 'timeout' });
  expect(await app.get(Logins).sendCode('91856321413', '771204')).toBe(false);
  await app.close();
});
