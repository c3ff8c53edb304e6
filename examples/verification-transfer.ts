import { Body, Controller, ForbiddenException, Post } from '@nestjs/common';
import {
  ClientSource,
  RequireVerification,
  SmsVerification,
  toVerificationError,
  UseVerifyErrors,
  VerifiedNumber,
} from 'nestjs-laaffic-verify';

interface Transfer {
  readonly amount: string;
  readonly payee: string;
}

/** What the user approves. The body may be anything: guards run before validation. */
function bindingOf(body: unknown): Record<string, string> {
  const { amount, payee } = (body ?? {}) as Partial<Transfer>;
  return { amount: String(amount), payee: String(payee) };
}

/** In a real app, the number that is stored for the user of the session. */
const numberOfUser = '+447400123457';

@Controller('transfers')
@UseVerifyErrors()
export class TransfersController {
  constructor(private readonly verification: SmsVerification) {}

  @Post('verification')
  start(@Body() transfer: Transfer, @ClientSource() source: string | undefined) {
    const request = { to: numberOfUser, purpose: 'transfer', binding: bindingOf(transfer) };
    return this.verification.start(request, { source });
  }

  @Post('verification/check')
  async check(
    @Body() { id, code, ...transfer }: Transfer & { id: string; code: string },
    @ClientSource() source: string | undefined,
  ) {
    const check = { id, code, purpose: 'transfer', binding: bindingOf(transfer) };
    const result = await this.verification.check(check, { source });
    if (result.status !== 'approved') throw toVerificationError(result);
    return { proof: result.proof };
  }

  @Post()
  @RequireVerification({ purpose: 'transfer', binding: ({ body }) => bindingOf(body) })
  create(@Body() transfer: Transfer, @VerifiedNumber() number: string) {
    if (number !== numberOfUser) throw new ForbiddenException();
    return { transferred: transfer };
  }
}
