import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import { LaafficOutboxModule, OnRecipientState, SmsOutbox, type RecipientStateEvent } from 'nestjs-laaffic-outbox';
import { OutboxTester, OutboxTestingModule } from 'nestjs-laaffic-outbox/testing';
import { EmbeddedPostgres } from 'nestjs-embedded-postgres';
import { FakeSmsService } from 'nestjs-laaffic/testing';

@Injectable()
class Bookings {
  readonly reminded = new Set<string>();

  constructor(private readonly outbox: SmsOutbox) {}

  /** Confirms a booking with a code. */
  async confirm(number: string, code: string): Promise<boolean> {
    const sms = { to: number, content: `Your code is ${code}` };
    const { receipt } = await this.outbox.send(sms, { sendBefore: new Date(Date.now() + 60_000) });
    return receipt?.accepted.length === 1;
  }

  /** Reminds a guest two hours before. */
  async remind(booking: string, number: string, at: Date): Promise<void> {
    const sendAt = new Date(at.getTime() - 2 * 60 * 60_000);
    const sms = { to: number, content: `Your booking is at ${at.toISOString().slice(11, 16)}` };
    await this.outbox.enqueue(sms, { sendAt, sendBefore: at, reference: booking, idempotencyKey: `remind ${booking}` });
  }

  @OnRecipientState({ state: 'delivered' })
  onDelivered({ reference = '' }: RecipientStateEvent): void {
    this.reminded.add(reference);
  }
}

@Module({
  imports: [
    LaafficModule.forRoot({ appId: 'app', apiKey: 'key', apiSecret: 'secret', isGlobal: true }),
    LaafficOutboxModule.forRootAsync({ useFactory: () => ({ database: process.env.DATABASE_URL ?? '' }) }),
  ],
  providers: [Bookings],
})
class AppModule {}

let postgres: EmbeddedPostgres;
let app: INestApplicationContext;
let tester: OutboxTester;
const sms = new FakeSmsService();

beforeAll(async () => {
  postgres = await EmbeddedPostgres.start({ dataDir: join(tmpdir(), 'bookings-test') });
  process.env.DATABASE_URL = postgres.url;
  const module = await Test.createTestingModule({ imports: [AppModule, OutboxTestingModule.forRoot()] })
    .overrideProvider(SmsService)
    .useValue(sms)
    .compile();
  app = await module.init();
  tester = app.get(OutboxTester);
});
beforeEach(async () => {
  await tester.reset();
  sms.reset();
});
afterAll(async () => {
  await app.close();
  await postgres.close();
});

it('reminds a guest two hours before', async () => {
  await app.get(Bookings).remind('B-7', '91856321412', new Date(Date.now() + 24 * 60 * 60_000));
  await tester.assertEnqueuedTo('91856321412', ({ reference }) => reference === 'B-7');

  await tester.advance({ hours: 21 });
  await tester.runDue();
  sms.assertNothingSent();

  await tester.advance({ hours: 1 });
  await tester.runDue();
  sms.assertSentTo('91856321412', ({ content }) => content.startsWith('Your booking is at'));

  sms.setDeliveryReport(sms.lastMessage().msgId, 'delivered');
  await tester.advance({ minutes: 15 });
  await tester.runDue();
  expect(app.get(Bookings).reminded).toContain('B-7');
});

it('waits for the outcome of a code', async () => {
  const bookings = app.get(Bookings);
  expect(await tester.runWhile(bookings.confirm('91856321412', '482913'))).toBe(true);

  sms.failNext({ failure: 'timeout' });
  expect(await tester.runWhile(bookings.confirm('91856321413', '771204'))).toBe(false);
});
