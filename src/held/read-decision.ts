import { invalidCommand } from 'nestjs-laaffic';
import type { ResolveOptions } from 'nestjs-laaffic-outbox';
import { readActor } from '../http/actor.js';
import type { ResolveBody } from './resolve.body.js';

/**
 * A decision's options for the outbox, which checks the rest.
 * @param caller the name of the key.
 * @throws {LaafficInputException} for a wrong actor, and for an empty list: one who chose nobody must not be taken for one who left it out.
 */
export function readDecision(caller: string, { positions, actor }: ResolveBody): ResolveOptions {
  const by = readActor(caller, actor);
  if (!Array.isArray(positions) || positions.length > 0) return { by, positions };
  throw invalidCommand([{ field: 'positions', problem: 'must name somebody; without it, it is about all' }]);
}
