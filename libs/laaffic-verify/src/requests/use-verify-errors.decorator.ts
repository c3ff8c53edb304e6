import { UseLaafficErrors, type HttpStatusOverrides } from 'nestjs-laaffic';

/**
 * Responds to a `VerificationError`, and to an `OutboxError`, with its status and the body
 * `{ statusCode, code, message, error, outcome }`. Depending on the error the body also has `field`, `attemptsLeft` or
 * `retryAfterSeconds`, and the response `Retry-After`. It is the `LaafficExceptionFilter` of nestjs-laaffic: an app that has
 * that as its `APP_FILTER` does not need this.
 * @param overrides HTTP statuses for single codes.
 * @example
 * @Controller('sign-in')
 * @UseVerifyErrors({ VERIFY_OVER: 404 })
 * export class SignInController {}
 */
export function UseVerifyErrors(overrides?: HttpStatusOverrides): ClassDecorator & MethodDecorator {
  return UseLaafficErrors(overrides);
}
