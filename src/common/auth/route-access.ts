import { applyDecorators, SetMetadata, type ExecutionContext } from '@nestjs/common';
import type { Reflector } from '@nestjs/core';
import { ApiExtension } from '@nestjs/swagger';
import type { Scope } from './scopes.js';

const ACCESS = 'auth:access';

/** Who may call a route: every caller, or a key with a scope. */
export type RouteAccess = 'public' | Scope;

/** A route that needs no API key. */
export const Public = () => SetMetadata<string, RouteAccess>(ACCESS, 'public');

/**
 * The scope that an API key needs for a route. The API document has it as `x-required-scope`.
 * @example
 * @Post('start')
 * @RequireScope('campaigns:start')
 * start(): Promise<void> { … }
 */
export function RequireScope(scope: Scope): MethodDecorator {
  return applyDecorators(SetMetadata<string, RouteAccess>(ACCESS, scope), ApiExtension('x-required-scope', scope));
}

/** Who may call the route of a request; `undefined` if neither the handler nor its class declares it. */
export function accessOf(reflector: Reflector, context: Pick<ExecutionContext, 'getHandler' | 'getClass'>) {
  return reflector.getAllAndOverride<RouteAccess | undefined>(ACCESS, [context.getHandler(), context.getClass()]);
}
