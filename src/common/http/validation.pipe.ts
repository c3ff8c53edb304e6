import { Injectable, ValidationPipe, type ArgumentMetadata, type Type, type ValidationError } from '@nestjs/common';
import { invalidCommand, toInputException } from 'nestjs-laaffic';

/** How deep the fields of a body are: those of its recipients. */
const MAX_FIELD_DEPTH = 2;

/** Checks bodies and queries against their DTO classes. Unknown fields are rejected, because they may be misspelt. */
@Injectable()
export class RequestValidationPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      exceptionFactory: (errors) => toInputException(errors.map(nameUnknownField)),
    });
  }

  /** Checks a value outside of Nest's own parameters, by the same rules. */
  async check<T extends object>(dto: Type<T>, type: 'body' | 'query', value: unknown): Promise<T> {
    return (await this.transform(value, { type, metatype: dto })) as T;
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest removes `__proto__` before the check, and the caller would not learn of it.
    const isInput = metadata.type === 'body' || metadata.type === 'query';
    const field = isInput ? prototypeField(value, '', MAX_FIELD_DEPTH) : undefined;
    if (field !== undefined) throw invalidCommand([{ field, problem: UNKNOWN }]);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

const UNKNOWN = 'is not a known field';

function nameUnknownField(error: ValidationError): ValidationError {
  if (error.constraints?.whitelistValidation === undefined) return error;
  return { ...error, constraints: { whitelistValidation: `${error.property} ${UNKNOWN}` } };
}

/** The path of an own field `__proto__`, which only JSON and query strings can create. */
function prototypeField(value: unknown, path: string, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, '__proto__')) return `${path}${path === '' ? '' : '.'}__proto__`;
  if (depth === 0) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const place = Array.isArray(value) ? `${path}[${key}]` : `${path}${path === '' ? '' : '.'}${key}`;
    const found = prototypeField(inner, place, depth - 1);
    if (found !== undefined) return found;
  }
  return undefined;
}
