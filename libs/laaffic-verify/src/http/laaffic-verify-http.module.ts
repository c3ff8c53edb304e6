import { Controller, Module, UseGuards, type DynamicModule, type Type } from '@nestjs/common';
import { AllowedPurposes } from './allowed-purposes.js';
import { BackendVerificationsController } from './backend-verifications.controller.js';
import { GuardController } from './guard.controller.js';
import { VerifyHttpSettings, type LaafficVerifyHttpOptions } from './verify-http.options.js';
import { VisitorVerificationsController } from './visitor-verifications.controller.js';

/**
 * Controllers for phone verification, on Express and Fastify. `LaafficVerifyModule` must be global, or one of `imports`. An
 * app can register several, at different paths.
 *
 * - `POST {path}`: 201, or 200 if the open verification of the session goes on. `Location`, and `Retry-After` until another
 *   message can be sent.
 * - `POST {path}/:id/check`: 200 with the proof; 422 `VERIFY_WRONG_CODE`; 410 `VERIFY_OVER`, for unknown ids too.
 * - `POST {path}/:id/resend`, `POST {path}/:id/cancel`.
 * - With `caller: 'backend'` also `GET {path}/:id`, `POST {path}/proofs/redeem` and `POST {path}/release`. Bodies may have
 *   `binding`, `tenant`, `session`, `source` and `decoy`.
 * - With `caller: 'backend'` also the routes for operators, by `FraudGuard`: `GET {path}/guard`,
 *   `GET {path}/guard/decisions`, `GET {path}/guard/alarms`, `POST {path}/guard/block`, `…/allow` and `…/release`, and
 *   `PUT {path}/guard/list`.
 *
 * A start with the header `Idempotency-Key` can be repeated. With the same key, it returns the same verification.
 *
 * Errors have the body of `@UseVerifyErrors()`. Needs `npm install class-validator class-transformer`.
 * @example
 * @Module({
 *   imports: [
 *     LaafficVerifyHttpModule.register({
 *       caller: 'visitor',
 *       purposes: ['sign-up'],
 *       session: ({ cookies }: Request) => cookies.visitor,
 *     }),
 *   ],
 * })
 * export class SignUpModule {}
 */
@Module({})
export class LaafficVerifyHttpModule {
  /** @throws {VerificationOptionsError} naming each field that is missing, unknown or wrong. */
  static register(options: LaafficVerifyHttpOptions): DynamicModule {
    const settings = new VerifyHttpSettings(options);
    return {
      module: LaafficVerifyHttpModule,
      imports: [...(options.imports ?? [])],
      controllers: controllersAt(settings),
      providers: [{ provide: VerifyHttpSettings, useValue: settings }, AllowedPurposes],
    };
  }
}

/** Classes of their own for each registration, because path and guards belong to the class. */
function controllersAt({ caller, path, guards }: VerifyHttpSettings): Type<object>[] {
  class VisitorVerifications extends VisitorVerificationsController {}
  class BackendVerifications extends BackendVerificationsController {}
  class Guard extends GuardController {}
  // The guard is first: `:id` of the other routes would also be `guard`.
  const classes: [string, Type<object>][] =
    caller === 'visitor'
      ? [[path, VisitorVerifications]]
      : [
          [`${path.replace(/\/$/, '')}/guard`, Guard],
          [path, BackendVerifications],
        ];
  return classes.map(([at, controller]) => {
    Controller(at)(controller);
    UseGuards(...guards)(controller);
    return controller;
  });
}
