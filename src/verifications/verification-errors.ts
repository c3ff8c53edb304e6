import {
  Injectable,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { isLaafficException, type LaafficErrorBody } from 'nestjs-laaffic';
import { OutboxError } from 'nestjs-laaffic-outbox';
import { VerificationError } from 'nestjs-laaffic-verify';
import { catchError, throwError, type Observable } from 'rxjs';
import { actorOf, callerOf } from '../common/auth/caller.js';
import { toErrorResponse } from '../common/errors/error-response.js';
import { ServiceException } from '../common/errors/service.exception.js';
import { JsonBodyGuard } from '../common/http/json-body.guard.js';
import { nodeRequest } from '../common/http/node-http.js';

// The routes of the package have a filter of their own, which knows no request ids. What is thrown here passes it.

/** Gives errors of the routes the form of all errors of the service. */
@Injectable()
export class VerificationErrors implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    return next.handle().pipe(catchError((error: unknown) => throwError(() => inServiceForm(error, context))));
  }
}

/** Reads the JSON body of the routes. Guards run before interceptors. */
@Injectable()
export class VerificationBodyGuard implements CanActivate {
  readonly #guard = new JsonBodyGuard();

  async canActivate(context: ExecutionContext): Promise<boolean> {
    try {
      await this.#guard.canActivate(context);
    } catch (error) {
      throw inServiceForm(error, context);
    }
    nameCallerIn(context);
    return true;
  }
}

/** The guard keeps who has changed its list. A caller must not be able to name another one. */
function nameCallerIn(context: ExecutionContext): void {
  const { body } = context.switchToHttp().getRequest<{ body: unknown }>();
  if (typeof body !== 'object' || body === null || !('actor' in body)) return;
  // Any other value is for the check of the body.
  if (typeof body.actor === 'string' && body.actor.trim() !== '') {
    body.actor = actorOf(callerOf(nodeRequest(context)), body.actor);
  }
}

function inServiceForm(cause: unknown, context: ExecutionContext): unknown {
  const isRead = nodeRequest(context).method === 'GET';
  if (cause instanceof VerificationError) {
    const { code, message, field, retryAfterSeconds, attemptsLeft } = cause;
    const details = { code, field, retryAfterSeconds, attemptsLeft, cause };
    return new ServiceException(statusOf(cause, isRead), message, details);
  }
  if (!isLaafficException(cause) && !(cause instanceof OutboxError)) return cause;
  const { statusCode, body } = toErrorResponse(cause, isRead);
  const { message, ...details } = body as LaafficErrorBody;
  return new ServiceException(statusCode, message, { ...details, cause });
}

function statusOf({ code, httpStatus }: VerificationError, isRead: boolean): number {
  if (code === 'VERIFY_OVER' && isRead) return 404;
  // 403 would be about the rights of the caller.
  return code === 'VERIFY_INVALID_PROOF' ? 410 : httpStatus;
}
