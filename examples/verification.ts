import { Body, Controller, Module, Post } from '@nestjs/common';
import { LaafficModule } from 'nestjs-laaffic';
import { LaafficOutboxModule } from 'nestjs-laaffic-outbox';
import {
  ClientSource,
  LaafficVerifyModule,
  SmsVerification,
  toVerificationError,
  UseVerifyErrors,
} from 'nestjs-laaffic-verify';
import { CheckVerificationCommand, StartVerificationCommand } from 'nestjs-laaffic-verify/commands';
import { SignUpModule } from './verification-sign-up.js';
import { TransfersController } from './verification-transfer.js';

@Controller('sign-in')
@UseVerifyErrors()
export class SignInController {
  constructor(private readonly verification: SmsVerification) {}

  @Post()
  start(@Body() { to, country, locale }: StartVerificationCommand, @ClientSource() source: string | undefined) {
    return this.verification.start({ to, country, purpose: 'sign-in' }, { source, locale });
  }

  @Post('check')
  async check(@Body() { id, code }: CheckVerificationCommand, @ClientSource() source: string | undefined) {
    const result = await this.verification.check({ id, purpose: 'sign-in', code }, { source });
    if (result.status !== 'approved') throw toVerificationError(result);
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
      isGlobal: true,
      keys: [process.env['VERIFY_KEY'] ?? ''],
      countries: ['GB', 'DE'],
      expectedPerDay: 2_000,
      app: 'Example',
      domain: 'example.com',
    }),
    SignUpModule,
  ],
  controllers: [SignInController, TransfersController],
})
export class AppModule {}
