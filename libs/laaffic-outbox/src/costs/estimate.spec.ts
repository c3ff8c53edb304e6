import fc from 'fast-check';
import { segments, type RecipientInput } from 'nestjs-laaffic';
import { countRecipients, estimateCosts, type NumberSource } from './estimate.js';
import { readAmount, writeAmount } from './exact-amount.js';
import { Prices } from './prices.js';

const NO_ONE = { byCountry: new Map<string, number>(), byCallingCode: new Map<string, number>(), invalid: 0 };
const PRICES = new Prices([], {
  ...{ GB: { price: '0.0413', currency: 'EUR' }, IN: { price: '0.1', currency: 'INR' } },
  ...{ DE: { price: '0.07', currency: 'EUR' }, US: { price: '0', currency: 'USD' } },
});
const ONE = segments('hello');
const THREE = segments('x'.repeat(400));

describe('countRecipients', () => {
  it('counts each country and each code without one, and what is no number', async () => {
    const numbers: unknown[] = [
      ...['447400123456', '+44 7400 123457', { number: '00447400123456', orderId: 'a' }, '919876543210'],
      ...['870773111632', '', 'x', '020 7946 0958', '4474', null, undefined, 447400123456, {}, [], { number: 5 }],
    ];
    expect(await countRecipients(numbers as RecipientInput[])).toEqual({
      byCountry: new Map([
        ['GB', 3],
        ['IN', 1],
      ]),
      byCallingCode: new Map([['870', 1]]),
      invalid: 10,
    });
  });

  it('counts no recipient of an empty source', async () => {
    expect(await countRecipients([])).toEqual(NO_ONE);
  });

  it('reads a source once, and lets other work go on', async () => {
    let turns = 0;
    let isOver = false;
    const others = function turn() {
      turns += 1;
      if (!isOver) setImmediate(turn);
    } as () => void;
    setImmediate(others);
    const source = (function* () {
      for (let i = 0; i < 50_000; i++) yield `4474${String(10_000_000 + i)}`;
    })();
    expect(await countRecipients(source)).toEqual({ ...NO_ONE, byCountry: new Map([['GB', 50_000]]) });
    isOver = true;
    expect(turns).toBeGreaterThanOrEqual(10);
    expect(await countRecipients(source)).toEqual(NO_ONE);
  });

  it.each<[string, (failure: Error) => NumberSource]>([
    [
      'an iterable',
      function* (failure) {
        yield '447400123456';
        throw failure;
      },
    ],
    [
      'an async iterable',
      async function* (failure) {
        yield await Promise.resolve('447400123456');
        throw failure;
      },
    ],
  ])('fails with the failure of %s', async (_, sourceOf) => {
    const failure = new Error('the file is gone');
    await expect(countRecipients(sourceOf(failure))).rejects.toBe(failure);
  });
});

describe('estimateCosts', () => {
  const count = (byCountry: Record<string, number>) => ({ ...NO_ONE, byCountry: new Map(Object.entries(byCountry)) });

  it('multiplies recipients, parts and prices, and adds up each currency', () => {
    expect(estimateCosts(count({ IN: 3, GB: 7, DE: 1, US: 2 }), THREE, PRICES)).toEqual({
      ...{ recipients: 13, invalid: 0, parts: 3, encoding: 'gsm-7' },
      byCurrency: [
        { currency: 'EUR', recipients: 8, low: '1.0773', high: '1.0773' },
        { currency: 'INR', recipients: 3, low: '0.9', high: '0.9' },
        { currency: 'USD', recipients: 2, low: '0', high: '0' },
      ],
      byCountry: [
        { country: 'DE', currency: 'EUR', recipients: 1, low: '0.21', high: '0.21', source: 'given' },
        { country: 'GB', currency: 'EUR', recipients: 7, low: '0.8673', high: '0.8673', source: 'given' },
        { country: 'IN', currency: 'INR', recipients: 3, low: '0.9', high: '0.9', source: 'given' },
        { country: 'US', currency: 'USD', recipients: 2, low: '0', high: '0', source: 'given' },
      ],
      unpriced: [],
    });
  });

  it('names countries and codes without a price, and guesses nothing', () => {
    const counted = { ...count({ KZ: 2, CA: 1 }), byCallingCode: new Map([['870', 4]]), invalid: 5 };
    expect(estimateCosts(counted, segments('привет'), PRICES)).toEqual({
      ...{ recipients: 7, invalid: 5, parts: 1, encoding: 'ucs-2', byCurrency: [], byCountry: [] },
      unpriced: [
        { country: 'CA', recipients: 1 },
        { country: 'KZ', recipients: 2 },
        { callingCode: '870', recipients: 4 },
      ],
    });
  });

  it('goes from the most frequent price to the highest, by the ratio of charged and expected parts', () => {
    const at = new Date(0);
    const row = { country: 'GB', mcc: '', mnc: '', currency: 'EUR', differing: '2', first_at: at, last_at: at };
    const prices = new Prices(
      [
        { ...row, unit: '0.04', recipients: '2', segments: '4', expected: '2' },
        { ...row, unit: '0.05', recipients: '1', segments: '1', expected: '1' },
      ],
      {},
    );
    expect(estimateCosts(count({ GB: 3 }), ONE, prices).byCurrency).toEqual([
      { currency: 'EUR', recipients: 3, low: '0.2', high: '0.25' },
    ]);
    expect(estimateCosts(count({ GB: 1 }), ONE, prices).byCurrency).toEqual([
      { currency: 'EUR', recipients: 1, low: '0.066666666667', high: '0.083333333334' },
    ]);
  });

  it('has exact sums, however many there are', () => {
    const price = fc.tuple(fc.nat(10 ** 6), fc.nat(999_999)).map(([whole, part]) => `${whole}.${String(part)}`);
    const currency = fc.constantFrom('EUR', 'INR', 'USD', 'CNY');
    const countries = fc.dictionary(
      fc.stringMatching(/^[A-Z]{2}$/),
      fc.record({ price, currency, recipients: fc.integer({ min: 1, max: 10 ** 9 }) }),
    );
    fc.assert(
      fc.property(countries, fc.string({ minLength: 1, maxLength: 1024 }), (all, content) => {
        const given = Object.entries(all);
        const counted = count(Object.fromEntries(given.map(([country, { recipients }]) => [country, recipients])));
        const { parts, encoding } = segments(content);
        const estimate = estimateCosts(counted, { ...ONE, parts, encoding }, new Prices([], all));
        const totals = new Map<string, bigint>();
        for (const [, { price: each, currency: of, recipients }] of given) {
          const [whole = '', fraction = ''] = each.split('.');
          const micros = BigInt(whole) * 10n ** 6n + BigInt(fraction.padEnd(6, '0'));
          totals.set(of, (totals.get(of) ?? 0n) + micros * BigInt(parts) * BigInt(recipients));
        }
        expect(new Map(estimate.byCurrency.map(({ currency: of, low }) => [of, readAmount(low)]))).toEqual(
          new Map([...totals].map(([of, micros]) => [of, micros * 10n ** 12n])),
        );
        const byCountry = estimate.byCountry.reduce((sum, { high }) => sum + readAmount(high), 0n);
        const byCurrency = estimate.byCurrency.reduce((sum, { high }) => sum + readAmount(high), 0n);
        expect(writeAmount(byCountry)).toBe(writeAmount(byCurrency));
        expect(estimate.recipients).toBe(given.reduce((sum, [, { recipients }]) => sum + recipients, 0));
      }),
    );
  });
});
