import fc from 'fast-check';
import { Metadata } from 'libphonenumber-js/core';
import type { CountryCode } from 'libphonenumber-js/max';
import metadata from 'libphonenumber-js/metadata.max.json';

/** What the types of the library leave out. */
interface NumberingPlan {
  type(name: 'MOBILE' | 'FIXED_LINE'): { pattern(): string } | undefined;
}

/** Any mobile number of a country, as a national number without trunk zero, by the country's numbering plan. */
export function mobileNumbersOf(country: CountryCode): fc.Arbitrary<string> {
  // The types describe an older form of the metadata.
  const all = new (Metadata as unknown as new (json: unknown) => Metadata)(metadata);
  all.selectNumberingPlan(country);
  const plan = all.numberingPlan as unknown as NumberingPlan;
  // Where fixed lines and mobiles are not told apart, the plan has one pattern for both.
  const pattern = plan.type('MOBILE')?.pattern() || plan.type('FIXED_LINE')?.pattern() || '';
  return fc.stringMatching(new RegExp(`^(?:${pattern})$`));
}
