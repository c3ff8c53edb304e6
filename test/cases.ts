const share = Number(process.env['THOROUGH'] ?? 0);

/**
 * How many cases a test tries: `quick` ones, for a whole run to end within minutes, or the share of `all` that THOROUGH
 * says, if that is more: 0.1 in CI, 1 by hand before a release.
 * What a test says of its cases holds for each of them.
 */
export function cases(all: number, quick: number): number {
  return Math.max(quick, Math.round(all * share));
}
