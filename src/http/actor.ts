import { invalidCommand } from 'nestjs-laaffic';

/** So that it fits behind the name of a key. */
const LONGEST = 200;

/**
 * Who acts, for the history: the caller by the name of its key, and in brackets whom it names.
 * @throws {LaafficInputException}
 */
export function readActor(caller: string, actor: unknown): string {
  if (actor === undefined) return caller;
  if (typeof actor === 'string' && actor.trim() !== '' && actor.length <= LONGEST && !actor.includes('\0')) {
    return `${caller} (${actor})`;
  }
  throw invalidCommand([{ field: 'actor', problem: `must be text of 1 to ${LONGEST} characters` }]);
}
