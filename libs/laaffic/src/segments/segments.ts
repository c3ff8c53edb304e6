import { septets } from './gsm7-alphabet.js';
import { charactersOutsideGsm7, type CharacterOutsideGsm7 } from './outside-gsm7.js';

/** How a text is cut into the parts of an SMS. */
export interface SmsSegments {
  /** `gsm-7` if every character of the content is in it, else `ucs-2`, which every character then takes. */
  readonly encoding: 'gsm-7' | 'ucs-2';
  /**
   * The size of the content, without headers and padding: septets of GSM-7 (`^ { } \ [ ] ~ | €` and the form
   * feed take two), 16-bit code units of UCS-2 (an emoji takes two or more).
   */
  readonly units: number;
  /** How many messages go out, at least 1. */
  readonly parts: number;
  /** What one part holds, in units: 160 or 70 of one part alone, 153 or 67 of several, for each has a header. */
  readonly unitsPerPart: number;
  /** Units still free in the last part. */
  readonly rest: number;
  /** What keeps the content out of GSM-7: each character once, in the order of the content. Empty for `gsm-7`. */
  readonly forcesUcs2: readonly CharacterOutsideGsm7[];
}

// 140 octets; several parts have a header of 6 octets each (3GPP TS 23.040 §9.2.3.24.1).
const UNITS_PER_PART = {
  'gsm-7': { alone: 160, ofSeveral: 153 },
  'ucs-2': { alone: 70, ofSeveral: 67 },
};

/**
 * Tells how many parts a content takes as an SMS, and why. Changes nothing: `toGsm7` writes the
 * suggestions into the content.
 *
 * A character is never cut in two at the end of a part (3GPP TS 23.040 §9.2.3.24.1): an escaped
 * character of GSM-7, or a surrogate pair, that does not fit moves to the next part whole, and leaves
 * one unit unused. So 153 `€` take three parts, not two. Longer sequences (an emoji of several code
 * points, a letter and its combining marks) may be cut between their code points.
 *
 * An empty content is one empty part, though the platform refuses to send it. Of the 1024
 * characters that the platform takes, plain GSM-7 text makes 7 parts, Chinese 16, emoji up to 32.
 *
 * This is an estimate by the standard: Laaffic says nothing of how it cuts. What it charges comes
 * with the delivery report (`price.segments`, its `chargeCnt`), and an operator's own header or a
 * national table may make it differ. No limit is applied, neither the 1024 characters nor the 255
 * parts of the standard; half a surrogate pair counts as one unit.
 */
export function segments(content: string): SmsSegments {
  const forcesUcs2 = charactersOutsideGsm7(content);
  const encoding = forcesUcs2.length === 0 ? 'gsm-7' : 'ucs-2';
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
    ? { encoding, units, parts: 1, unitsPerPart: alone, rest: alone - units, forcesUcs2 }
    : { encoding, units, parts, unitsPerPart: ofSeveral, rest: ofSeveral - inLastPart, forcesUcs2 };
}

function codeUnits(character: string): number {
  return character.length;
}
