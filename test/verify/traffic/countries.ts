import { WeightedChoice, type Random } from './random.js';

/** Numbers of one operator with a common prefix. */
export interface NumberRange {
  readonly operator: string;
  /** The country's calling code and the first digits, with `+`. */
  readonly prefix: string;
  /** How many digits follow the prefix. */
  readonly digits: number;
  /** The range's part of the country's users. */
  readonly weight: number;
  /** How densely users live in the lower numbers: 1 is evenly, 3 is half of them in the lowest eighth. */
  readonly density: number;
}

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly iso: string;
  /** Price of a message in US dollars. */
  readonly cost: number;
  /** Share of the codes sent to real users that are entered. */
  readonly conversion: number;
  /** Share of the usual starts. */
  readonly share: number;
  readonly utcOffsetHours: number;
  readonly ranges: readonly NumberRange[];
}

interface Operator {
  readonly name: string;
  readonly prefixes: readonly string[];
  readonly digits: number;
  readonly weight: number;
  readonly density: number;
}

const operator = (name: string, weight: number, density: number, digits: number, prefixes: string): Operator => ({
  name,
  weight,
  density,
  digits,
  prefixes: prefixes.split(' '),
});

function country(
  iso: string,
  callingCode: string,
  figures: Omit<Country, 'iso' | 'ranges'>,
  operators: readonly Operator[],
): Country {
  const ranges = operators.flatMap(({ name, prefixes, digits, weight, density }) =>
    prefixes.map((prefix) => ({
      operator: name,
      prefix: `+${callingCode}${prefix}`,
      digits,
      weight: weight / prefixes.length,
      density,
    })),
  );
  return { iso, ...figures, ranges };
}

/** Prefixes are real mobile ones. Prices, conversions and shares are assumed. */
export const COUNTRIES: readonly Country[] = [
  country('DE', '49', { cost: 0.08, conversion: 0.8, share: 0.17, utcOffsetHours: 1 }, [
    operator('Telekom', 0.3, 1, 7, '160 170 171 175'),
    operator('Telekom long', 0.1, 3, 8, '151'),
    operator('Vodafone', 0.25, 1, 7, '162 172 173 174'),
    operator('Vodafone long', 0.1, 3, 8, '152'),
    operator('Telefonica', 0.15, 1, 7, '163 177 178 179'),
    operator('Telefonica long', 0.1, 2, 8, '157 159 176'),
  ]),
  country('FR', '33', { cost: 0.06, conversion: 0.78, share: 0.14, utcOffsetHours: 1 }, [
    operator('Orange', 0.4, 1, 7, '67 68 74'),
    operator('SFR', 0.25, 1, 7, '61 62 73'),
    operator('Bouygues', 0.2, 1, 7, '60 66 76'),
    operator('Free', 0.15, 2, 7, '65 75 77 78'),
  ]),
  country('GB', '44', { cost: 0.05, conversion: 0.82, share: 0.13, utcOffsetHours: 0 }, [
    operator('EE', 0.35, 1, 6, '7480 7535 7590 7930 7971 7985'),
    operator('O2', 0.3, 1, 6, '7740 7850 7890 7908'),
    operator('Vodafone', 0.25, 1, 6, '7753 7785 7799 7803'),
    operator('Three', 0.1, 2, 6, '7400 7415'),
  ]),
  country('ES', '34', { cost: 0.06, conversion: 0.76, share: 0.1, utcOffsetHours: 1 }, [
    operator('Movistar', 0.4, 1, 6, '606 616 620 629 630 639 650 660 680 690'),
    operator('Vodafone', 0.25, 1, 6, '600 610 666 670'),
    operator('Orange', 0.25, 1, 6, '645 655 665 695'),
    operator('MasMovil', 0.1, 3, 6, '722 744'),
  ]),
  country('BR', '55', { cost: 0.04, conversion: 0.7, share: 0.13, utcOffsetHours: -3 }, [
    operator('Sao Paulo', 0.45, 2, 8, '119'),
    operator('Rio', 0.2, 2, 8, '219'),
    operator('other areas', 0.35, 3, 8, '129 319 419 479 519 619 719 819 859'),
  ]),
  country('IN', '91', { cost: 0.03, conversion: 0.66, share: 0.13, utcOffsetHours: 5.5 }, [
    operator('Airtel', 0.35, 1, 7, '810 960 980 990 995 999'),
    operator('Vodafone Idea', 0.25, 1, 7, '982 987 945 940'),
    operator('Jio', 0.4, 2, 7, '700 629 636 730 880 900'),
  ]),
  country('ID', '62', { cost: 0.12, conversion: 0.62, share: 0.09, utcOffsetHours: 7 }, [
    operator('Telkomsel', 0.5, 2, 8, '811 812 813 821 822 823 852 853'),
    operator('Indosat', 0.3, 2, 8, '814 815 816 856 857 858'),
    operator('XL', 0.2, 3, 8, '817 818 819 859 877 878'),
  ]),
  country('AZ', '994', { cost: 0.15, conversion: 0.6, share: 0.06, utcOffsetHours: 4 }, [
    operator('Azercell', 0.5, 1, 7, '50'),
    operator('Bakcell', 0.3, 1, 7, '55 99'),
    operator('Nar', 0.2, 2, 7, '70 77'),
  ]),
  country('TJ', '992', { cost: 0.25, conversion: 0.55, share: 0.03, utcOffsetHours: 5 }, [
    operator('Tcell', 0.4, 1, 7, '92 93 50'),
    operator('Megafon', 0.3, 1, 7, '90 55 88'),
    operator('Babilon', 0.3, 2, 7, '98 91'),
  ]),
  country('MT', '356', { cost: 0.07, conversion: 0.74, share: 0.02, utcOffsetHours: 1 }, [
    operator('GO', 0.4, 2, 6, '79'),
    operator('Epic', 0.4, 2, 6, '99'),
    operator('Melita', 0.2, 2, 6, '77'),
  ]),
];

export function countryOf(iso: string): Country {
  const found = COUNTRIES.find((candidate) => candidate.iso === iso);
  if (found === undefined) throw new RangeError(`No country ${iso}`);
  return found;
}

export function rangesOf(iso: string, ...operators: readonly string[]): readonly NumberRange[] {
  const { ranges } = countryOf(iso);
  return operators.length === 0 ? ranges : ranges.filter((range) => operators.includes(range.operator));
}

export function firstRange(iso: string, operator: string): NumberRange {
  const [range] = rangesOf(iso, operator);
  if (range === undefined) throw new RangeError(`No operator ${operator} in ${iso}`);
  return range;
}

const choices = new Map(
  COUNTRIES.map(({ iso, ranges }) => [iso, new WeightedChoice(ranges, ({ weight }) => weight)] as const),
);

/** A number where real users of the country have theirs. */
export function drawUserNumber(iso: string, random: Random): string {
  const range = choices.get(iso)?.pick(random);
  if (range === undefined) throw new RangeError(`No country ${iso}`);
  return numberIn(range, Math.floor(10 ** range.digits * random.next() ** range.density));
}

/** Any number of the range, whether or not a person can have it. */
export function drawAnyNumber(range: NumberRange, random: Random): string {
  return numberIn(range, random.integer(10 ** range.digits));
}

/** The number at a position of the range, counted from 0. */
export function numberIn({ prefix, digits }: NumberRange, position: number): string {
  return prefix + position.toString().padStart(digits, '0');
}

/** The numbers of a range that begin with further digits. */
export function subrange(range: NumberRange, digits: string): NumberRange {
  return { ...range, prefix: range.prefix + digits, digits: range.digits - digits.length, density: 1 };
}
