import { shownEntry } from './shown-entry.js';

const shown = (input: unknown) => shownEntry(input).input;

describe('shownEntry', () => {
  it.each([
    ['n/a', 'n/a'],
    ['  123456 ', '123456'],
    ['9185632', '…32'],
    ['91856321412', '9185…412'],
    ['+91 (8563) 21412 x', '+91 (85…) …412 x'],
    ['91856x321412', '9185…x…412'],
    ['٩١٨٥٦٣٢١٤١٢', '٩١٨٥…٤١٢'],
    ['91856321412;91856321413', '9185…;…413'],
    ['a\u001b[2Jb\0c\ud800', 'a\ufffd[2Jb\ufffdc\ufffd'],
    ['😀'.repeat(40), `${'😀'.repeat(31)}…`],
    ['x'.repeat(1_000_000), `${'x'.repeat(31)}…`],
    [{ number: '91856321412', input: 'raw 7' }, 'raw 7'],
    [{ number: 5 }, '5'],
    [true, 'true'],
    ['', undefined],
    [{ number: ['91856321412'] }, undefined],
    [null, undefined],
    [undefined, undefined],
    [() => 'x', undefined],
  ])('shows %j as %j', (input, kept) => {
    expect(shown(input)).toBe(kept);
  });

  it('keeps valid order ids and line numbers', () => {
    expect(shownEntry({ number: 'x', orderId: 'a b', line: 7 })).toEqual({ line: 7, orderId: 'a b', input: 'x' });
    expect(shownEntry({ number: 'x', orderId: 'i'.repeat(99), line: 1.5 })).toEqual({
      line: undefined,
      orderId: `${'i'.repeat(63)}…`,
      input: 'x',
    });
    expect(shownEntry({ problem: 'x', orderId: ['a'] })).toEqual({
      line: undefined,
      orderId: undefined,
      input: undefined,
    });
  });
});
