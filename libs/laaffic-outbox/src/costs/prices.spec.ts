import { readAmount } from './exact-amount.js';
import { Prices, type SeenPrice } from './prices.js';

const EARLY = new Date('2026-11-01T08:00:00Z');
const LATE = new Date('2026-11-20T08:00:00Z');

const seen = (more: Partial<SeenPrice>): SeenPrice => ({
  ...{ country: 'GB', mcc: '234', mnc: '10', currency: 'EUR', unit: '0.04' },
  ...{ recipients: '20', segments: '20', expected: '20', differing: '0', first_at: EARLY, last_at: EARLY },
  ...more,
});
const listed = {
  ...{ country: 'GB', mcc: '234', mnc: '10', currency: 'EUR', usual: '0.04', highest: '0.04', source: 'learned' },
  ...{ recipients: 20, chargedParts: 20, expectedParts: 20, differing: 0, firstSeenAt: EARLY, lastSeenAt: EARLY },
};
const GIVEN = { GB: { price: '0.050', currency: 'USD' } };
const givenRow = {
  ...{ country: 'GB', currency: 'USD', usual: '0.05', highest: '0.05', source: 'given' },
  ...{ recipients: 0, chargedParts: 0, expectedParts: 0, differing: 0 },
};

describe('Prices', () => {
  it('has none if nothing is known', () => {
    const prices = new Prices([], {});
    expect([prices.list(), prices.of('GB'), prices.of('toString')]).toEqual([[], undefined, undefined]);
  });

  it('lists the most frequent and the highest price of each network and currency', () => {
    const rows = [
      seen({ unit: '0.041', recipients: '21', segments: '42', last_at: LATE }),
      seen({ expected: '22', differing: '2' }),
      seen({ unit: '0.1', recipients: '1', segments: '1', expected: '1' }),
      seen({ mnc: '15', unit: '0.03' }),
      seen({ currency: 'USD', unit: '0.045' }),
      seen({ country: 'AT', mcc: '', mnc: '' }),
      seen({ country: '', mcc: '', mnc: '' }),
    ];
    const { country: _, mcc: __, mnc: ___, ...nowhere } = listed;
    expect(new Prices(rows, {}).list()).toEqual([
      nowhere,
      { ...nowhere, country: 'AT' },
      {
        ...{ ...listed, usual: '0.041', highest: '0.1', recipients: 42, chargedParts: 63, expectedParts: 43 },
        ...{ differing: 2, lastSeenAt: LATE },
      },
      { ...listed, currency: 'USD', usual: '0.045', highest: '0.045' },
      { ...listed, mnc: '15', usual: '0.03', highest: '0.03' },
    ]);
  });

  it('says that the higher one of two prices is usual if both are as frequent, in any order', () => {
    const rows = [seen({}), seen({ unit: '0.05' })];
    for (const all of [rows, rows.toReversed()]) expect(new Prices(all, {}).list()[0]?.usual).toBe('0.05');
  });

  it('compares prices as numbers, not as text', () => {
    const rows = [seen({ unit: '9' }), seen({ unit: '10', recipients: '1' })];
    expect(new Prices(rows, {}).list()[0]).toMatchObject({ usual: '9', highest: '10' });
  });

  it('uses a given price until 20 parts were charged, in whatever currency', () => {
    const few = [seen({ segments: '12' }), seen({ currency: 'USD', segments: '7', mnc: '15' })];
    const given = new Prices(few, GIVEN);
    expect(given.of('GB')).toEqual({
      ...{ currency: 'USD', usual: readAmount('0.05'), highest: readAmount('0.05'), source: 'given' },
      ...{ chargedParts: 1, expectedParts: 1 },
    });
    expect(given.list().filter(({ source }) => source === 'given')).toEqual([givenRow]);
    const learned = new Prices([...few, seen({ mnc: '20', segments: '1', last_at: LATE })], GIVEN);
    expect(learned.of('GB')).toMatchObject({ currency: 'EUR', usual: readAmount('0.04'), source: 'learned' });
    expect(learned.list().filter(({ source }) => source === 'given')).toEqual([]);
  });

  it('uses what was charged at once if no price is given', () => {
    expect(new Prices([seen({ segments: '1' })], { US: { price: '1', currency: 'EUR' } }).of('GB')?.source).toBe(
      'learned',
    );
  });

  it('puts the networks of a country together, and counts the currency that was seen last', () => {
    const rows = [
      seen({ recipients: '900' }),
      seen({ currency: 'USD', unit: '0.05', recipients: '3', last_at: LATE }),
      seen({ currency: 'USD', unit: '0.06', recipients: '2', mnc: '15' }),
      seen({ currency: 'USD', unit: '0.06', recipients: '2', mnc: '20' }),
      seen({ currency: 'USD', unit: '0.07', recipients: '1', mnc: '20' }),
    ];
    expect(new Prices(rows, {}).of('GB')).toMatchObject({
      ...{ currency: 'USD', usual: readAmount('0.06'), highest: readAmount('0.07') },
    });
  });

  it.each([
    ['exactly 1 %', '1', { chargedParts: 1, expectedParts: 1 }],
    ['more than 1 %', '2', { chargedParts: 150, expectedParts: 100 }],
  ])('has the ratio of charged and expected parts if they differ for %s of the messages', (_, differing, parts) => {
    const rows = [seen({ recipients: '100', segments: '150', expected: '100', differing })];
    expect(new Prices(rows, {}).of('GB')).toMatchObject(parts);
  });
});
