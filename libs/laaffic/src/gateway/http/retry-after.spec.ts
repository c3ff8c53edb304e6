import { readRetryAfter } from './retry-after.js';

const NOW = Date.parse('2026-11-29T12:00:00Z');

it.each<[string, string | undefined, number | undefined]>([
  ['3', undefined, 3],
  [' 3 ', undefined, 3],
  ['0.2', undefined, 1],
  ['0', undefined, undefined],
  ['-5', undefined, undefined],
  ['99999999999', undefined, 86_400],
  ['', undefined, undefined],
  ['soon', undefined, undefined],
  ['Infinity', undefined, undefined],
  ['Sun, 29 Nov 2026 12:00:07 GMT', undefined, 7],
  ['Sun, 29 Nov 2026 12:00:07 GMT', 'Sun, 29 Nov 2026 12:00:05 GMT', 2],
  ['Sun, 29 Nov 2026 12:00:07 GMT', 'today', 7],
  ['Sun, 29 Nov 2026 11:59:00 GMT', undefined, undefined],
  ['Sun, 29 Nov 2026 11:59:00 GMT', 'Sun, 29 Nov 2026 11:58:59 GMT', 1],
])('readRetryAfter reads %j with the Date %j as %j seconds', (value, date, seconds) => {
  expect(readRetryAfter(value, date, () => NOW)).toBe(seconds);
});
