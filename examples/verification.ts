import { Body, Controller, Ip, Module, Post, UnauthorizedException, UseFilters } from '@nestjs/common';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import { LaafficVerifyModule, SmsVerification } from 'nestjs-laaffic-verify';
import { VerificationErrors } from './verification-errors.js';

@Controller('sign-in')
@UseFilters(VerificationErrors)
export class SignInController {
  constructor(private readonly verification: SmsVerification) {}

  @Post()
  start(@Body('phone') to: string, @Ip() source: string) {
    return this.verification.start({ to, purpose: 'sign-in' }, { source });
  }

  @Post('check')
  async check(@Body('id') id: string, @Body('code') code: string, @Ip() source: string) {
    const result = await this.verification.check({ id, purpose: 'sign-in', code }, { source });
    if (result.status !== 'approved') throw new UnauthorizedException(result);
    return { number: result.number };
  }
}

@Module({
  imports: [
    LaafficModule.forRoot({
      isGlobal: true,
      apiKey: process.env['LAAFFIC_API_KEY'] ?? '',
      apiSecret: process.env['LAAFFIC_API_SECRET'] ?? '',
      appId: process.env['LAAFFIC_APP_ID'] ?? '',
      baseUrl: process.env['LAAFFIC_BASE_URL'],
    }),
    LaafficOutboxModule.forRoot({
      isGlobal: true,
      database: process.env['DATABASE_URL'] ?? '',
      sealKeys: [process.env['SEAL_KEY'] ?? ''],
    }),
    LaafficVerifyModule.forRoot({
      keys: [process.env['VERIFY_KEY'] ?? ''],
      countries: ['GB', 'DE'],
      expectedPerDay: 2_000,
      app: 'Example',
      domain: 'example.com',
    }),
  ],
  controllers: [SignInController],
})
export class AppModule {}
