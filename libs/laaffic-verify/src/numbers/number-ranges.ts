import { getCountryCallingCode } from 'libphonenumber-js/max';
import type { PhoneNumber } from './phone-number.js';

/**
 * The ranges that a number belongs to. A range is written as its numbers, with an `x` for each digit that differs:
 * `+447400123xxx`. So numbers of different lengths are never in the same range, and an operator sees its size.
 *
 * A size is missing where a range of it would be a large part of the country: `six` in Iceland, all sizes in Tokelau.
 */
export interface NumberRanges {
  /** The thousand numbers that differ in the last 3 digits. */
  readonly three?: string;
  /** The ten thousand numbers that differ in the last 4 digits. */
  readonly four?: string;
  /** The million numbers that differ in the last 6 digits. */
  readonly six?: string;
}

/** How many national digits a range keeps, at least. */
const KEPT_DIGITS = 2;

/**
 * Countries where a range keeps more. All mobile numbers of a country have at least ten different beginnings of this
 * length, by the metadata of libphonenumber. A test compares both.
 */
const MORE_KEPT_DIGITS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    3:
      'AE AL AO AR AT BA BE BG BQ BT BW BY BZ CF CG CH CI CM CN CO CW CY CZ DE DJ EC EG GB GI GN GQ GR GW HR HU ID IE IL IO ' +
      'IQ IR JO JP KR KZ LA LI LK LU LY ME MG MM MO MT MU MW MZ NA NF NG NL NP NZ PF PK PS PY RW SA SC SE SK SM SN SS ST SY ' +
      'SZ TK TL TV UY VA WF XK YE ZW',
    4: 'BJ BL DO GP KP MF MH MQ PR RE VE YT',
    5: 'BB BM BS DM GF GG GU IM JE JM KY LC MP TC TT VG VI',
    6: 'AG AI AS GD KN MS SX VC',
  }).flatMap(([digits, countries]) => countries.split(' ').map((country) => [country, Number(digits)] as const)),
);

/**
 * Returns the ranges of a number, the smallest first.
 * @example
 * rangesOf({ e164: '+447400123456', country: 'GB' });
 * // { three: '+447400123xxx', four: '+44740012xxxx', six: '+447400xxxxxx' }
 */
export function rangesOf({ e164, country }: Pick<PhoneNumber, 'e164' | 'country'>): NumberRanges {
  const kept = 1 + getCountryCallingCode(country).length + (MORE_KEPT_DIGITS.get(country) ?? KEPT_DIGITS);
  const range = (digits: number) =>
    e164.length - digits < kept ? undefined : e164.slice(0, -digits) + 'x'.repeat(digits);
  const [three, four, six] = [range(3), range(4), range(6)];
  return {
    ...(three !== undefined && { three }),
    ...(four !== undefined && { four }),
    ...(six !== undefined && { six }),
  };
}
