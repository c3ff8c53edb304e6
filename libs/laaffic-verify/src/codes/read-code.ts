/** Digits of any script, and what people and phones put between them. */
const DIGIT = /^\p{Nd}$/u;
const BETWEEN = /[\s\p{Pd}\p{Cf}]/gu;

/**
 * Reads a code as a person enters it: with blanks or hyphens, in the digits of any script.
 * @returns ASCII digits; `undefined` if it cannot be a code of this length.
 */
export function readCode(input: unknown, digits: number): string | undefined {
  if (typeof input !== 'string' || input.length > 100) return undefined;
  const characters = Array.from(input.replaceAll(BETWEEN, ''));
  if (characters.length !== digits || !characters.every((character) => DIGIT.test(character))) return undefined;
  return characters.map(valueOf).join('');
}

/** The ten digits of a script follow each other, and sometimes those of another script follow them. */
function valueOf(digit: string): number {
  const point = digit.codePointAt(0) ?? 0;
  let first = point;
  while (DIGIT.test(String.fromCodePoint(first - 1))) first--;
  return (point - first) % 10;
}
