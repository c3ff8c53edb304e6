import { Header, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { StartVerificationCommand } from '../commands/start-verification.command.js';
import { toVerificationError } from '../errors/verification.error.js';
import { ClientSource } from '../requests/client-source.decorator.js';
import { UseVerifyErrors } from '../requests/use-verify-errors.decorator.js';
import type { VerificationRequest } from '../requests/verification-request.js';
import { SmsVerification } from '../sms-verification.js';
import type { CheckResult } from '../verification.js';
import { AllowedPurposes } from './allowed-purposes.js';
import { CheckedBody } from './checked-body.decorator.js';
import { CheckBody, ResendBody } from './dto/visitor-bodies.dto.js';
import { respondPending, visitorKeyOf, type PendingBody, type RoutedRequest } from './http-exchange.js';
import { VerifyHttpSettings } from './verify-http.options.js';

/** The routes for browsers and phones. They say for themselves neither where they come from nor what a message shows. */
@UseVerifyErrors()
export class VisitorVerificationsController {
  constructor(
    @Inject(SmsVerification) private readonly verification: SmsVerification,
    @Inject(AllowedPurposes) private readonly purposes: AllowedPurposes,
    @Inject(VerifyHttpSettings) private readonly settings: VerifyHttpSettings,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  async start(
    @CheckedBody(StartVerificationCommand) command: Readonly<StartVerificationCommand>,
    @ClientSource() source: string | undefined,
    @Req() request: RoutedRequest & VerificationRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<PendingBody> {
    this.purposes.check(command.purpose);
    const { locale, client, challenge } = command;
    // An empty one would be one session for all visitors.
    const session = this.settings.session(request) || undefined;
    const idempotencyKey = visitorKeyOf(request, session);
    const started = await this.verification.start(command, {
      ...{ source, locale, client, challenge, session, idempotencyKey },
    });
    return respondPending(started, this.adapterHost, request, response, Date.now());
  }

  @Post(':id/check')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async check(
    @Param('id') id: string,
    @CheckedBody(CheckBody) { purpose, code }: Readonly<CheckBody>,
    @ClientSource() source: string | undefined,
  ): Promise<CheckResult> {
    this.purposes.check(purpose);
    const result = await this.verification.check({ id, purpose, code }, { source });
    if (result.status !== 'approved') throw toVerificationError(result);
    return result;
  }

  @Post(':id/resend')
  @Header('Cache-Control', 'no-store')
  async resend(
    @Param('id') id: string,
    @CheckedBody(ResendBody) { locale, client }: Readonly<ResendBody>,
    @ClientSource() source: string | undefined,
    @Req() request: RoutedRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<PendingBody> {
    await this.purposes.checkOf(id);
    const resent = await this.verification.resend(id, { source, locale, client });
    return respondPending(resent, this.adapterHost, request, response, Date.now());
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async cancel(@Param('id') id: string): Promise<{ readonly id: string; readonly status: 'cancelled' }> {
    await this.purposes.checkOf(id);
    const isCancelled = await this.verification.cancel(id, { clearsSuspicion: false });
    if (!isCancelled) throw toVerificationError({ status: 'over' });
    return { id, status: 'cancelled' };
  }
}
