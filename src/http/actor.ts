import { invalidCommand } from 'nestjs-laaffic';

const LONGEST = 255;

/** Who acts, in the journal, where nobody is named. */
export const API = 'api';

/** @throws {LaafficInputException} */
export function readActor(by: unknown): string {
  if (by === undefined) return API;
  if (typeof by === 'string' && by.trim() !== '' && by.length <= LONGEST && !by.includes('\0')) return by;
  throw invalidCommand([{ field: 'by', problem: `must be text of 1 to ${LONGEST} characters` }]);
}
