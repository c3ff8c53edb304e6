import { Controller, Module, Post } from '@nestjs/common';
import { RequireVerification, VerifiedNumber } from 'nestjs-laaffic-verify';
import { LaafficVerifyHttpModule } from 'nestjs-laaffic-verify/http';

@Controller('users')
export class UsersController {
  @Post()
  @RequireVerification({ purpose: 'sign-up' })
  create(@VerifiedNumber() number: string) {
    return { number };
  }
}

@Module({
  imports: [LaafficVerifyHttpModule.register({ caller: 'visitor', purposes: ['sign-up'] })],
  controllers: [UsersController],
})
export class SignUpModule {}
