import { Price } from '../output/cost.js';
import { UsageError } from '../usage.error.js';

/** Reads the values of options, which all come as text. */
export const optionValue = {
  whole(flag: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    if (/^\d{1,9}$/.test(text) && Number(text) > 0) return Number(text);
    throw new UsageError(`--${flag} must be a whole number above 0, not ${JSON.stringify(text)}`);
  },

  rate(flag: string, text: string | undefined): number | undefined {
    if (text === undefined) return undefined;
    if (/^\d{1,9}(?:\.\d{1,6})?$/.test(text) && Number(text) > 0) return Number(text);
    throw new UsageError(`--${flag} must be a number above 0, not ${JSON.stringify(text)}`);
  },

  oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T {
    const found = allowed.find((value) => value === text);
    if (found === undefined) {
      throw new UsageError(`--${flag} must be one of ${allowed.join(', ')}, not ${JSON.stringify(text)}`);
    }
    return found;
  },

  price(text: string | undefined): Price | undefined {
    if (text === undefined) return undefined;
    const price = Price.from(text);
    if (price === undefined) {
      throw new UsageError(`--price must be the price of one part, such as 0.0123, not ${JSON.stringify(text)}`);
    }
    return price;
  },
};
