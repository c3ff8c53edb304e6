/**
 * How many cases a test tries: `all` if THOROUGH is 1, as in CI, else `quick`, for a whole run to end within minutes.
 * What a test says of its cases holds for both.
 */
export function cases(all: number, quick: number): number {
  return process.env['THOROUGH'] === '1' ? all : quick;
}
