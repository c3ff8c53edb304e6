import { invalidCommand } from 'nestjs-laaffic';
import type { ResolveOptions } from 'nestjs-laaffic-outbox';
import { API } from '../http/actor.js';
import type { ResolveBody } from './resolve.body.js';

/**
 * A decision's options for the outbox, which checks the rest.
 * @throws {LaafficInputException} for an empty list: one who chose nobody must not be taken for one who left it out.
 */
export function readDecision({ positions, by = API }: ResolveBody): ResolveOptions {
  if (!Array.isArray(positions) || positions.length > 0) return { by, positions };
  throw invalidCommand([{ field: 'positions', problem: 'must name somebody; without it, it is about all' }]);
}
