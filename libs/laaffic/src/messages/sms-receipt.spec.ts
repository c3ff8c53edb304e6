import { inspect } from 'node:util';
import { SmsReceipt } from './sms-receipt.js';

const accepted = { number: '91856321412', orderId: 'a', msgId: '2108021054011000095' };
const rejected = { number: '91856321413', orderId: 'b', code: 'LAAFFIC_ABNORMAL_NUMBER', reason: 'x' };
const unknown = { number: '91856321414', orderId: 'c', code: 'LAAFFIC_UNREADABLE_RESPONSE', reason: 'y' };

describe('SmsReceipt', () => {
  const receipt = new SmsReceipt([accepted], [rejected], [unknown]);

  it('serializes everything, because it is the caller’s own data', () => {
    expect(JSON.parse(JSON.stringify(receipt))).toEqual({
      accepted: [accepted],
      rejected: [rejected],
      unknown: [unknown],
    });
  });

  it('prints with masked numbers', () => {
    expect(inspect(receipt)).toBe(
      [
        'SmsReceipt {',
        '  accepted 9185…412 a 2108021054011000095',
        '  rejected 9185…413 b LAAFFIC_ABNORMAL_NUMBER',
        '  unknown 9185…414 c LAAFFIC_UNREADABLE_RESPONSE',
        '}',
      ].join('\n'),
    );
    expect(String(receipt)).toBe('accepted 1, rejected 1, unknown 1');
  });

  it('prints at most twenty recipients', () => {
    const lines = inspect(new SmsReceipt(new Array(1000).fill(accepted))).split('\n');
    expect(lines).toHaveLength(23);
    expect(lines.at(-2)).toBe('  … and 980 more');
  });
});
