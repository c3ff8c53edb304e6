import fc from 'fast-check';
import { maskNumber, maskNumbersIn } from './mask-number.js';

describe('maskNumber', () => {
  it.each([
    ['91856321412', '9185…412'],
    ['1234567890', '1234…890'],
    ['123456789012345', '1234…345'],
    ['123456789', '…89'],
    ['1234567', '…67'],
  ])('shortens %s to %s', (number, masked) => {
    expect(maskNumber(number)).toBe(masked);
  });
});

describe('maskNumbersIn', () => {
  it('masks every number in a text and leaves short digits alone', () => {
    expect(maskNumbersIn('DST 404: 91856321412,91856321413 refused by 22')).toBe(
      'DST 404: 9185…412,9185…413 refused by 22',
    );
  });

  it('leaves no run of seven digits or more', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.string(), fc.bigInt({ min: 0n, max: 10n ** 25n }).map(String))), (parts) => {
        expect(maskNumbersIn(parts.join(''))).not.toMatch(/\d{7}/);
      }),
    );
  });
});
