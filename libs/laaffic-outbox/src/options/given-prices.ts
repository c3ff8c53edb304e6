import { OptionsReader } from 'nestjs-laaffic';

/** What one part of an SMS costs in a country. */
export interface GivenPrice {
  /** A decimal as text, such as `'0.04'`, with up to 12 digits before and after the point. */
  readonly price: string;
  /** The currency that the platform charges in, such as `'EUR'`. */
  readonly currency: string;
}

const COUNTRY = /^[A-Z]{2}$/;
const PRICE = /^\d{1,12}(?:\.\d{1,12})?$/;
const CURRENCY = /^[A-Z]{3,8}$/;

/** Reads prices by country, frozen. */
export function readGivenPrices(reader: OptionsReader, field: string): Readonly<Record<string, GivenPrice>> {
  const prices: Record<string, GivenPrice> = {};
  const given = reader.object(field) ?? {};
  const countries = new OptionsReader(given, `${field}.`, reader.issues);
  for (const [country, value] of Object.entries(given) as [string, unknown][]) {
    if (!COUNTRY.test(country)) {
      countries.report(country, 'must be named by the ISO code of a country, in two capital letters');
    } else if (typeof value !== 'object' || value === null) {
      countries.report(country, 'must be an object');
    } else {
      const fields = countries.nested(country);
      const [price, currency] = [fields.value('price'), fields.value('currency')];
      if (typeof price !== 'string' || !PRICE.test(price)) {
        fields.report('price', "must be a decimal as text, such as '0.04'");
      } else if (typeof currency !== 'string' || !CURRENCY.test(currency)) {
        fields.report('currency', "must be the code of a currency, such as 'EUR'");
      } else {
        prices[country] = Object.freeze({ price, currency });
      }
      fields.rejectUnknown();
    }
  }
  return Object.freeze(prices);
}
