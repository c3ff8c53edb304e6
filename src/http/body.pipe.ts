import { ValidationPipe, type ArgumentMetadata } from '@nestjs/common';
import { invalidCommand, toInputException } from 'nestjs-laaffic';

/** How deep the fields of a body are: those of its recipients. */
const DEPTH = 2;

/** Checks bodies against their classes; a field that is not known may be one that is misspelt, and is refused. */
export class BodyPipe extends ValidationPipe {
  constructor() {
    super({ transform: true, whitelist: true, forbidNonWhitelisted: true, exceptionFactory: toInputException });
  }

  override transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    // Nest takes it away before anything is checked, so that it would be the one unknown field that nobody hears of.
    const field = metadata.type === 'body' ? prototypeField(value, '', DEPTH) : undefined;
    if (field !== undefined) throw invalidCommand([{ field, problem: 'is refused: it should not exist' }]);
    return super.transform(value, metadata) as Promise<unknown>;
  }
}

/** Where an own field `__proto__` is, which only JSON can make. */
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
