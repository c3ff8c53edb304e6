import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { LaafficModule, SmsService } from 'nestjs-laaffic';
import { FakeSmsService } from 'nestjs-laaffic/testing';

@Injectable()
class Bookings {
  constructor(private readonly sms: SmsService) {}

  confirm(number: string) {
    return this.sms.send({ to: number, content: 'Your table is booked' });
  }
}

@Module({
  imports: [LaafficModule.forRoot({ appId: 'any', apiKey: 'any', apiSecret: 'any' })],
  providers: [Bookings],
})
class AppModule {}

it('tells the guest', async () => {
  const sms = new FakeSmsService();
  const app = await Test.createTestingModule({ imports: [AppModule] })
    .overrideProvider(SmsService)
    .useValue(sms)
    .compile();

  await app.get(Bookings).confirm('+91 85632 1412');
  sms.assertSentTo('91856321412', ({ content }) => content.includes('booked'));

  sms.failNext({ failure: 'timeout' });
  await expect(app.get(Bookings).confirm('+91 85632 1412')).rejects.toMatchObject({ outcome: 'unknown' });
  sms.assertSentCount(1);
});
