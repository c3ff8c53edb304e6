import { septets } from './gsm7-alphabet.js';
import { findNonGsm7Characters, type NonGsm7Character } from './non-gsm7-characters.js';

/** How a content is divided into the parts of an SMS. */
export interface SmsSegments {
  /** `gsm-7` if it has every character of the content, otherwise `ucs-2` for the whole content. */
  readonly encoding: 'gsm-7' | 'ucs-2';
  /**
   * The size of the content without headers and padding. In GSM-7 it is septets (`^ { } \ [ ] ~ | €` and the form feed take
   * two), in UCS-2 16-bit code units (an emoji takes two or more).
   */
  readonly units: number;
  /** The number of messages, at least 1. */
  readonly parts: number;
  /** The capacity of one part in units: 160 or 70 for a single part, 153 or 67 for several, which have headers. */
  readonly unitsPerPart: number;
  /** The free units in the last part. */
  readonly remainingUnits: number;
  /** The characters that prevent GSM-7, each once, in the order of the content. Empty for `gsm-7`. */
  readonly nonGsm7Characters: readonly NonGsm7Character[];
}

// A part has 140 octets. If there are several, each has a header of 6 octets (3GPP TS 23.040 §9.2.3.24.1).
const UNITS_PER_PART = {
  'gsm-7': { alone: 160, ofSeveral: 153 },
  'ucs-2': { alone: 70, ofSeveral: 67 },
};

/**
 * Calculates how many parts a content takes as an SMS, and why. Changes nothing; `toGsm7` applies the suggestions.
 *
 * A character is never split at the end of a part (3GPP TS 23.040 §9.2.3.24.1). An escaped character of GSM-7 or a surrogate
 * pair that does not fit moves to the next part and leaves one unit unused, so 153 `€` take three parts, not two. Longer
 * sequences (an emoji of several code points, a letter and its combining marks) may be split between code points.
 *
 * An empty content is one empty part, although the platform rejects it. Of the 1024 characters that the platform accepts,
 * plain GSM-7 text makes 7 parts, Chinese 16, emoji up to 32.
 *
 * This is an estimate by the standard, because Laaffic does not document how it splits. The delivery report has what is
 * charged (`price.segments`, the platform's `chargeCnt`); a header of the operator or a national table may make a difference.
 * No limit applies, neither 1024 characters nor the standard's 255 parts. Half a surrogate pair counts as one unit.
 * @example
 * const { parts, encoding, nonGsm7Characters } = segments('Your table is ready…');
 * // 1, 'ucs-2', [{ character: '…', position: 19, suggestion: '...' }]
 */
export function segments(content: string): SmsSegments {
  const nonGsm7Characters = findNonGsm7Characters(content);
  const encoding = nonGsm7Characters.length === 0 ? 'gsm-7' : 'ucs-2';
  const unitsOf = encoding === 'gsm-7' ? septets : codeUnits;
  const { alone, ofSeveral } = UNITS_PER_PART[encoding];

  let units = 0;
  let parts = 1;
  let inLastPart = 0;
  for (const character of content) {
    const size = unitsOf(character);
    units += size;
    if (inLastPart + size > ofSeveral) {
      parts += 1;
      inLastPart = 0;
    }
    inLastPart += size;
  }
  return units <= alone
    ? { encoding, units, parts: 1, unitsPerPart: alone, remainingUnits: alone - units, nonGsm7Characters }
    : { encoding, units, parts, unitsPerPart: ofSeveral, remainingUnits: ofSeveral - inLastPart, nonGsm7Characters };
}

function codeUnits(character: string): number {
  return character.length;
}
