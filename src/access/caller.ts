import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';

/** Who calls a service without API keys. */
const ANYBODY = 'api';

const callers = new WeakMap<Request, string>();

/** To be called by the guard that knows the key. */
export function nameCaller(request: Request, name: string): void {
  callers.set(request, name);
}

/** The name of the key that a request came with. */
export const Caller = createParamDecorator(
  (_: unknown, context: ExecutionContext): string =>
    callers.get(context.switchToHttp().getRequest<Request>()) ?? ANYBODY,
);
