import { createParamDecorator } from '@nestjs/common';
import { redeemedOf } from './redeemed-requests.js';
import { httpRequestOf } from './verification-request.js';

const RedeemedNumber = createParamDecorator((_: unknown, context) => {
  const redeemed = redeemedOf(httpRequestOf(context, '@VerifiedNumber()'));
  if (redeemed === undefined) {
    const route = `${context.getClass().name}.${context.getHandler().name}`;
    throw new Error(`@VerifiedNumber() needs @RequireVerification() on ${route} or its class`);
  }
  return redeemed.verification.number;
});

/**
 * The number, in E.164, of the proof that `@RequireVerification()` has read.
 * @example
 * @Post()
 * @RequireVerification({ purpose: 'sign-up' })
 * create(@VerifiedNumber() number: string) {}
 */
export function VerifiedNumber(): ParameterDecorator {
  return RedeemedNumber();
}
