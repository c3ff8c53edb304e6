import { Body, Controller, Module, Post } from '@nestjs/common';
import { LaafficModule, SmsService, UseLaafficErrors } from 'nestjs-laaffic';
import { SendSmsCommand } from 'nestjs-laaffic/commands';

const laaffic = LaafficModule.forRootAsync({
  useFactory: () => ({
    appId: process.env.LAAFFIC_APP_ID,
    apiKey: process.env.LAAFFIC_API_KEY,
    apiSecret: process.env.LAAFFIC_API_SECRET,
    baseUrl: process.env.LAAFFIC_BASE_URL, // a sandbox or a sister platform; Laaffic by default
  }),
});

@Controller('notifications')
@UseLaafficErrors()
class NotificationsController {
  constructor(private readonly sms: SmsService) {}

  @Post()
  send(@Body() command: SendSmsCommand) {
    return this.sms.send(command); // { accepted, rejected, unknown }
  }
}

@Module({ imports: [laaffic], controllers: [NotificationsController] })
export class AppModule {}
