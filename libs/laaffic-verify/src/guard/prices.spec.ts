import { Prices, type Charges } from './prices.js';

const GIVEN = { prices: { GB: 0.04, DE: 0.07 }, unknownPrice: 0.1, currency: undefined };
const charged = (country: string, currency: string, segments: number, total: number): Charges => ({
  ...{ country, currency, segments, total },
});

describe('Prices', () => {
  it.each([
    ['what the app says', [], 'GB', { perSegment: 0.04, isLearned: false }],
    ['the price of unknown countries', [], 'FR', { perSegment: 0.1, isLearned: false }],
    ['what was charged', [charged('GB', 'USD', 20, 1)], 'GB', { perSegment: 0.05, isLearned: true }],
    [
      'what the app says after few segments',
      [charged('GB', 'USD', 19, 1)],
      'GB',
      { perSegment: 0.04, isLearned: false },
    ],
    [
      'what the app says if nothing was charged',
      [charged('GB', 'USD', 90, 0)],
      'GB',
      { perSegment: 0.04, isLearned: false },
    ],
    ['the highest for an unknown country', [charged('GB', 'USD', 20, 6)], 'FR', { perSegment: 0.3, isLearned: false }],
    [
      'what the app says with several currencies',
      [charged('GB', 'USD', 20, 1), charged('DE', 'EUR', 20, 1)],
      ...(['GB', { perSegment: 0.04, isLearned: false }] as const),
    ],
  ] as const)('are %s', (_, charges, country, price) => {
    expect(new Prices(GIVEN, charges).of(country)).toEqual(price);
  });

  it('are those of the given currency', () => {
    const prices = new Prices({ ...GIVEN, currency: 'EUR' }, [
      ...[charged('GB', 'USD', 20, 1), charged('GB', 'EUR', 40, 1), charged('DE', 'USD', 20, 1)],
    ]);
    expect([prices.of('GB'), prices.of('DE')]).toEqual([
      { perSegment: 0.025, isLearned: true },
      { perSegment: 0.07, isLearned: false },
    ]);
  });
});
