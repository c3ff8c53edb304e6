import { readReport } from './report-store.js';

const REPORT = { msgId: '1', number: '918563214121', state: 'failed', at: undefined } as const;

it.each([
  ['the number is off', 'the number is off'],
  ['918563214121 is off, +918563214121 too', '9185…121 is off, +9185…121 too'],
  ['nul\0byte', 'nulbyte'],
  ['error 1918563214', 'error 1918563214'],
])('a reason does not repeat the number: %j', (reason, stored) => {
  expect(readReport({ ...REPORT, reason }, 'prefix')?.reason).toBe(stored);
});
