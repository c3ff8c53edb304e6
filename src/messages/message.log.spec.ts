import { SmsReceipt, type DeliveryReport } from 'nestjs-laaffic';
import { MessageLog } from './message.log.js';

const at = new Date('2026-01-31T01:00:00Z');
const receipt = new SmsReceipt(
  [{ number: '91856321412', orderId: 'a', msgId: '1' }],
  [{ number: '91856321413', orderId: 'b', code: 'LAAFFIC_ABNORMAL_NUMBER', reason: 'DST_MCCMNC_LIMIT' }],
  [{ number: '91856321414', orderId: 'c', code: 'LAAFFIC_UNREADABLE_ANSWER', reason: 'x' }],
);
const report = (state: DeliveryReport['state'], more: Partial<DeliveryReport> = {}): DeliveryReport => ({
  msgId: '1',
  number: '91856321412',
  state,
  at,
  ...more,
});

describe('MessageLog', () => {
  let log: MessageLog;
  beforeEach(() => {
    log = new MessageLog();
  });

  it('knows what became of each recipient', () => {
    log.record(receipt);
    expect(['a', 'b', 'c', 'd'].map((orderId) => log.find(orderId)?.state)).toEqual([
      'accepted',
      'rejected',
      'unknown',
      undefined,
    ]);
  });

  it('moves on by reports, and never back', () => {
    log.record(receipt);
    log.report(report('not-found'));
    log.report(report('sending', { at: undefined }));
    expect(log.find('a')).toEqual({ orderId: 'a', msgId: '1', number: '91856321412', state: 'sending' });
    log.report(report('failed', { reason: 'UNDELIV' }));
    log.report(report('delivered'));
    log.report(report('sending'));
    expect(log.find('a')).toEqual({
      orderId: 'a',
      msgId: '1',
      number: '91856321412',
      state: 'failed',
      reason: 'UNDELIV',
      reportedAt: at,
    });
  });

  it('takes a report that comes before the answer', () => {
    log.report(report('delivered'));
    log.record(receipt);
    expect(log.find('a')).toMatchObject({ state: 'delivered', reportedAt: at });
  });

  it('settles an unknown message by a report with its order id', () => {
    log.record(receipt);
    log.report(report('delivered', { msgId: '3', orderId: 'c' }));
    expect(log.find('c')).toEqual({
      orderId: 'c',
      msgId: '3',
      number: '91856321414',
      state: 'delivered',
      reportedAt: at,
    });
  });

  it('forgets the oldest of very many', () => {
    const many = Array.from({ length: 100_001 }, (_, i) => ({
      number: '91856321412',
      orderId: `o${i}`,
      msgId: String(i),
    }));
    log.record(new SmsReceipt(many));
    expect([log.find('o0'), log.find('o1')?.state, log.find('o100000')?.state]).toEqual([
      undefined,
      'accepted',
      'accepted',
    ]);
  });
});
