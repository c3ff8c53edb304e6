import { failureOfCode } from './failure-of-code.js';
import { LOCAL_FAILURES } from './local-failures.js';
import { STATUS_TABLE, UNLISTED_STATUS } from './status-table.js';

describe('failureOfCode', () => {
  const { abortedUnsent, ...locals } = LOCAL_FAILURES;

  it.each([...STATUS_TABLE.values(), UNLISTED_STATUS, ...Object.values(locals)])('returns the row of $code', (row) => {
    expect(failureOfCode(row.code)).toBe(row);
  });

  it('returns the careful one of the two rows of LAAFFIC_ABORTED', () => {
    expect(abortedUnsent.code).toBe('LAAFFIC_ABORTED');
    expect(failureOfCode('LAAFFIC_ABORTED')).toBe(LOCAL_FAILURES.abortedSent);
    expect(LOCAL_FAILURES.abortedSent.outcome).toBe('unknown');
  });

  it.each(['', 'LAAFFIC_', 'laaffic_timeout', 'OUTBOX_EXPIRED', 'constructor', '__proto__'])(
    'returns undefined for %j',
    (code) => {
      expect(failureOfCode(code)).toBeUndefined();
    },
  );
});
