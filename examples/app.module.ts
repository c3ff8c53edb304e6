import { Body, Controller, Module, Post } from '@nestjs/common';
import { LaafficModule, SmsService, UseLaafficErrors } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';

const { LAAFFIC_APP_ID: appId, LAAFFIC_API_KEY: apiKey, LAAFFIC_API_SECRET: apiSecret } = process.env;
const baseUrl = process.env.LAAFFIC_BASE_URL; // a sandbox, a sister platform; by default Laaffic

@Controller('notifications')
@UseLaafficErrors()
class NotificationsController {
  constructor(private readonly sms: SmsService) {}

  @Post()
  send(@Body() command: SendSmsCommand) {
    return this.sms.send(command); // { accepted, rejected, unknown }
  }
}

const laaffic = LaafficModule.forRootAsync({ useFactory: () => ({ appId, apiKey, apiSecret, baseUrl }) });

@Module({ imports: [laaffic], controllers: [NotificationsController] })
export class AppModule {}
