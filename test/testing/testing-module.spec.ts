import { Controller, Inject, Injectable, Module, Post, type DynamicModule } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import axios from 'axios';
import { BulkStoppedError, getSmsToken, InjectSms, LaafficModule, SmsService } from 'nestjs-laaffic';
import { FakeSmsService, LaafficTestingModule } from 'nestjs-laaffic/testing';
import { ACCOUNT } from '../module/account.js';

@Injectable()
class Notifications {
  constructor(@Inject(SmsService) private readonly sms: SmsService) {}

  bookingConfirmed(number: string) {
    return this.sms.send({ to: number, content: 'Your table is booked' });
  }
}

@Controller()
class BookingController {
  constructor(@Inject(Notifications) private readonly notifications: Notifications) {}

  @Post('bookings')
  book() {
    return this.notifications.bookingConfirmed('+91 85632 1412');
  }
}

/** The app of a user: with the real module, towards an address where nothing listens. */
@Module({
  imports: [LaafficModule.forRoot({ ...ACCOUNT, baseUrl: 'http://127.0.0.1:9/v3' })],
  controllers: [BookingController],
  providers: [Notifications],
})
class AppModule {}

describe('FakeSmsService', () => {
  it('replaces the service of an app', async () => {
    const sms = new FakeSmsService();
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .overrideProvider(SmsService)
      .useValue(sms)
      .compile();
    const app = testing.createNestApplication({ logger: false });
    await app.listen(0, '127.0.0.1');
    expect((await fetch(`${await app.getUrl()}/bookings`, { method: 'POST' })).status).toBe(201);
    sms.assertSentTo('+91 85632 1412', ({ content }) => content.includes('table'));
    sms.assertSentCount(1);
    await app.close();
  });

  it('replaces the service of a named account', async () => {
    const sms = new FakeSmsService();
    const testing = await Test.createTestingModule({
      imports: [LaafficModule.forRoot({ ...ACCOUNT, account: 'marketing' })],
    })
      .overrideProvider(getSmsToken('marketing'))
      .useValue(sms)
      .compile();
    expect(testing.get(getSmsToken('marketing'))).toBe(sms);
    await testing.close();
  });

  it('accepts the options of the app that change what is sent and what is rejected', async () => {
    const sms = new FakeSmsService({ senderId: 'HOUSE', method: 'GET', maxBatchRecipients: 1 });
    const to = ['91856321412', '91856321413'];
    await sms.send({ to, content: 'of the house' });
    await sms.send({ to, content: 'of its own', senderId: 'OWN' });
    expect(sms.sent.map(({ senderId }) => senderId)).toEqual(['HOUSE', 'HOUSE', 'OWN', 'OWN']);
    const crowd = Array.from({ length: 101 }, (_, index) => String(91856321000 + index));
    await expect(sms.send({ to: crowd, content: 'x' })).rejects.toThrow('1 to 100 recipients');
    await expect(sms.sendBatch([{ to, content: 'x' }])).rejects.toThrow('1 recipient');
    sms.assertSentCount(4);
  });

  it('works in bulk runs, with failures and stops', async () => {
    const sms = new FakeSmsService();
    const numbers = ['91856321412', 'x', '91856321413'];
    const run = sms.sendBulk(numbers, { content: 'Sale' }, { batchSize: 1, concurrency: 1 });
    sms.failNext({ failure: 'timeout' });
    expect(await run.drain()).toEqual({ accepted: 1, rejected: 1, unknown: 1, dropped: 0, notAttempted: 0 });
    sms.assertSentCount(1);
    sms.assertSentTo('91856321413');
    sms.failNext({ status: -10 });
    await expect(sms.sendBulk(numbers, { content: 'Sale' }).drain()).rejects.toBeInstanceOf(BulkStoppedError);
  });

  it("does not change the process's axios", () => {
    const before = { ...axios.defaults };
    new FakeSmsService();
    expect(axios.defaults).toEqual(before);
    expect(axios.interceptors.request).toEqual(axios.create().interceptors.request);
  });

  it('can be a provider, and is an SmsService for the compiler', async () => {
    const service: SmsService = new FakeSmsService();
    const testing = await Test.createTestingModule({ providers: [FakeSmsService] }).compile();
    expect(testing.get(FakeSmsService)).toBeInstanceOf(SmsService);
    expect(service).toBeInstanceOf(FakeSmsService);
  });
});

describe('LaafficTestingModule', () => {
  @Injectable()
  class Campaigns {
    constructor(
      @Inject(SmsService) readonly otp: SmsService,
      @InjectSms('marketing') readonly marketing: SmsService,
    ) {}
  }
  const start = (imports: DynamicModule[], providers = [Notifications] as DynamicModule['providers']) =>
    Test.createTestingModule({ imports, providers: providers ?? [] }).compile();

  it('provides the fake under both classes', async () => {
    const testing = await start([LaafficTestingModule.forRoot()]);
    const fake = testing.get(FakeSmsService);
    expect(testing.get(SmsService)).toBe(fake);
    await testing.get(Notifications).bookingConfirmed('91856321412');
    fake.assertSentTo('91856321412');
  });

  it('gives the fake the options of the app', async () => {
    const testing = await start([LaafficTestingModule.forRoot({ senderId: 'HOUSE' })]);
    await testing.get(Notifications).bookingConfirmed('91856321412');
    expect(testing.get(FakeSmsService).lastMessage().senderId).toBe('HOUSE');
  });

  it('provides a fake for each account, a named one under its token only', async () => {
    const testing = await start(
      [LaafficTestingModule.forRoot(), LaafficTestingModule.forRoot({ account: 'marketing' })],
      [Campaigns],
    );
    const { otp, marketing } = testing.get(Campaigns);
    await marketing.send({ to: '91856321412', content: 'Sale' });
    expect(otp).toBe(testing.get(FakeSmsService));
    testing.get(FakeSmsService).assertNothingSent();
    testing.get<FakeSmsService>(getSmsToken('marketing')).assertSentCount(1);

    const named = await start([LaafficTestingModule.forRoot({ account: 'marketing' })], []);
    expect(() => named.get(FakeSmsService)).toThrow(/could not find FakeSmsService/);
  });

  it('is available to every module if it is global, otherwise to its importers only', async () => {
    @Module({ providers: [Notifications], exports: [Notifications] })
    class Feature {}
    const withFeature = (isGlobal: boolean) =>
      Test.createTestingModule({ imports: [LaafficTestingModule.forRoot({ isGlobal }), Feature] }).compile();
    const testing = await withFeature(true);
    await testing.get(Notifications).bookingConfirmed('91856321412');
    testing.get(FakeSmsService).assertSentCount(1);
    await expect(withFeature(false)).rejects.toThrow(/resolve dependencies of the Notifications/);
  });
});
