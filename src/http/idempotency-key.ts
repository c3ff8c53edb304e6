import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Request } from 'express';
import { invalidCommand } from 'nestjs-laaffic';

const LONGEST = 255;

/** The header `Idempotency-Key`, or `undefined`. @throws {LaafficInputException} if it is none, or there are two. */
export const IdempotencyKey = createParamDecorator((_: unknown, context: ExecutionContext): string | undefined => {
  const given = context.switchToHttp().getRequest<Request>().headersDistinct['idempotency-key'];
  if (given === undefined) return undefined;
  const [key = ''] = given;
  if (given.length === 1 && key !== '' && key.length <= LONGEST) return key;
  throw invalidCommand([{ field: 'Idempotency-Key', problem: `must be one header of 1 to ${LONGEST} characters` }]);
});
