import {
  applyDecorators,
  Injectable,
  SetMetadata,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { toHttpException } from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { VerificationError, VerificationOptionsError } from '../errors/verification.error.js';
import { purposeProblem } from '../request-rules.js';
import { SmsVerification } from '../sms-verification.js';
import { keepRedeemed, redeemedOf } from './redeemed-requests.js';
import { httpRequestOf, type VerificationRequest } from './verification-request.js';

/** What the proof of a request must be for. */
export interface VerificationRequirement {
  /** The purpose that the verification was started with. */
  readonly purpose: string;
  /**
   * What the verification was bound to, read from the request. Guards run before validation, so the body is as the client
   * sent it, or missing.
   * @default nothing
   */
  binding?(request: VerificationRequest): Readonly<Record<string, string>>;
}

const REQUIREMENT = 'nestjs-laaffic-verify requirement';
const HEADER = 'verification-proof';

@Injectable()
class VerificationProofGuard implements CanActivate {
  constructor(
    private readonly verification: SmsVerification,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = httpRequestOf(context, '@RequireVerification()');
    const places = [context.getHandler(), context.getClass()];
    const requirement = this.reflector.getAllAndOverride<VerificationRequirement>(REQUIREMENT, places);
    // The guard runs twice if the class and the method are decorated, and a proof can be used once.
    if (redeemedOf(request)?.requirement === requirement) return true;
    const { purpose } = requirement;
    const proof = request.headers[HEADER];
    const binding = requirement.binding?.(request);
    try {
      keepRedeemed(
        request,
        requirement,
        await this.verification.redeemProof(typeof proof === 'string' ? proof : '', { purpose, binding }),
      );
      return true;
    } catch (error) {
      // So the route needs no filter of its own.
      if (error instanceof VerificationError || error instanceof OutboxError) throw toHttpException(error);
      throw error;
    }
  }
}

/**
 * Lets a request pass only if its header `Verification-Proof` has the proof of an approval for this purpose and binding. The
 * proof is used up before the body is validated. `@VerifiedNumber()` is its number: compare it with what you know about the
 * user, because a visitor can verify any number that is theirs.
 *
 * A missing or wrong proof is 403 `VERIFY_INVALID_PROOF`. On a method it replaces that of the class. The module of the
 * controller must see `SmsVerification`.
 * @throws {VerificationOptionsError} if the purpose cannot exist.
 * @example
 * @Post()
 * @RequireVerification({ purpose: 'transfer', binding: ({ body }: { body: Transfer }) => ({ amount: body.amount }) })
 * create(@Body() transfer: Transfer, @VerifiedNumber() number: string) {}
 */
export function RequireVerification(requirement: VerificationRequirement): ClassDecorator & MethodDecorator {
  const problem = purposeProblem(requirement.purpose);
  if (problem !== undefined) throw new VerificationOptionsError([`purpose ${problem}`], '@RequireVerification()');
  return applyDecorators(SetMetadata(REQUIREMENT, requirement), UseGuards(VerificationProofGuard));
}
