import { Get, Header, HttpCode, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { toVerificationError } from '../errors/verification.error.js';
import { UseVerifyErrors } from '../requests/use-verify-errors.decorator.js';
import { SmsVerification } from '../sms-verification.js';
import type { CheckResult, FoundVerification, RedeemedVerification } from '../verification.js';
import { AllowedPurposes } from './allowed-purposes.js';
import { CheckedBody, CheckedQuery } from './checked-body.decorator.js';
import {
  BackendCheckBody,
  BackendResendBody,
  BackendStartBody,
  RedeemBody,
  ReleaseBody,
  TenantFields,
} from './dto/backend-bodies.dto.js';
import { idempotencyKeyOf, respondPending, type PendingBody, type RoutedRequest } from './http-exchange.js';

/** The routes for the app's backend, which says who its user is. */
@UseVerifyErrors()
export class BackendVerificationsController {
  constructor(
    @Inject(SmsVerification) private readonly verification: SmsVerification,
    @Inject(AllowedPurposes) private readonly purposes: AllowedPurposes,
    @Inject(HttpAdapterHost) private readonly adapterHost: HttpAdapterHost,
  ) {}

  @Post()
  @Header('Cache-Control', 'no-store')
  async start(
    @CheckedBody(BackendStartBody) body: Readonly<BackendStartBody>,
    @Req() request: RoutedRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<PendingBody> {
    this.purposes.check(body.purpose);
    const { locale, client, session, tenant, source, decoy, challenge } = body;
    const started = await this.verification.start(body, {
      ...{ locale, client, session, tenant, decoy, challenge, source: source?.address },
      idempotencyKey: idempotencyKeyOf(request),
    });
    return respondPending(started, this.adapterHost, request, response, Date.now());
  }

  @Get(':id')
  @Header('Cache-Control', 'no-store')
  @UseVerifyErrors({ VERIFY_OVER: 404 })
  async find(
    @Param('id') id: string,
    @CheckedQuery(TenantFields) { tenant }: Readonly<TenantFields>,
  ): Promise<FoundVerification> {
    await this.purposes.checkOf(id, tenant);
    const found = await this.verification.find(id, { tenant });
    if (found === undefined) throw toVerificationError({ status: 'over' });
    return found;
  }

  @Post(':id/check')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async check(
    @Param('id') id: string,
    @CheckedBody(BackendCheckBody) body: Readonly<BackendCheckBody>,
  ): Promise<CheckResult> {
    const { purpose, code, binding, tenant, source } = body;
    this.purposes.check(purpose);
    const result = await this.verification.check({ id, purpose, code, binding }, { tenant, source: source?.address });
    if (result.status !== 'approved') throw toVerificationError(result);
    return result;
  }

  @Post(':id/resend')
  @Header('Cache-Control', 'no-store')
  async resend(
    @Param('id') id: string,
    @CheckedBody(BackendResendBody) { source, ...options }: Readonly<BackendResendBody>,
    @Req() request: RoutedRequest,
    @Res({ passthrough: true }) response: unknown,
  ): Promise<PendingBody> {
    await this.purposes.checkOf(id, options.tenant);
    const resent = await this.verification.resend(id, { ...options, source: source?.address });
    return respondPending(resent, this.adapterHost, request, response, Date.now());
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async cancel(
    @Param('id') id: string,
    @CheckedBody(TenantFields) { tenant }: Readonly<TenantFields>,
  ): Promise<{ readonly id: string; readonly status: 'cancelled' }> {
    await this.purposes.checkOf(id, tenant);
    if (!(await this.verification.cancel(id, { tenant }))) throw toVerificationError({ status: 'over' });
    return { id, status: 'cancelled' };
  }

  /** 410 for a proof that is not valid: 403 would be about the caller's own rights. */
  @Post('proofs/redeem')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @UseVerifyErrors({ VERIFY_INVALID_PROOF: 410 })
  redeem(@CheckedBody(RedeemBody) { proof, purpose, binding }: Readonly<RedeemBody>): Promise<RedeemedVerification> {
    this.purposes.check(purpose);
    return this.verification.redeemProof(proof, { purpose, binding });
  }

  @Post('release')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  async release(
    @CheckedBody(ReleaseBody) { number, country, tenant }: Readonly<ReleaseBody>,
  ): Promise<{ readonly released: boolean }> {
    return { released: await this.verification.release(number, { country, tenant }) };
  }
}
