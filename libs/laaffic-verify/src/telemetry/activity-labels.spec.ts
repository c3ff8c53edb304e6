import fc from 'fast-check';
import type { VerificationActivity } from '../activity/verification-activity.js';
import { ActivityLabels } from './activity-labels.js';

const activity = (more: Partial<VerificationActivity> = {}): VerificationActivity => ({
  ...{ type: 'start', result: 'sent', purpose: undefined, country: undefined, code: undefined, rule: undefined },
  ...{ shadowRules: [], durationMs: 1, ...more },
});

describe('ActivityLabels', () => {
  it.each<[string, Partial<VerificationActivity>, object]>([
    ['a result', {}, { 'laaffic.verification.result': 'sent' }],
    [
      'purpose and country',
      { purpose: 'sign-in', country: 'GB' },
      {
        'laaffic.verification.result': 'sent',
        'laaffic.verification.purpose': 'sign-in',
        'laaffic.verification.country': 'GB',
      },
    ],
    [
      'a rejection by a rule',
      { result: 'rejected', rule: 'range', code: 'VERIFY_REJECTED' },
      {
        'laaffic.verification.result': 'rejected',
        'laaffic.verification.rule': 'range',
        'error.type': 'VERIFY_REJECTED',
      },
    ],
    [
      'a failure without code',
      { result: 'failed' },
      { 'laaffic.verification.result': 'failed', 'error.type': '_OTHER' },
    ],
  ])('tell %s', (_, more, labels) => {
    expect(new ActivityLabels().of(activity(more))).toEqual(labels);
  });

  it('tell at most 30 purposes apart, the first ones', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 200 }), (purposes) => {
        const labels = new ActivityLabels();
        const first = new Set([...new Set(purposes)].slice(0, 30));
        for (const purpose of purposes) {
          const { 'laaffic.verification.purpose': label } = labels.of(activity({ purpose }));
          expect(label).toBe(first.has(purpose) ? purpose : '_OTHER');
        }
      }),
    );
  });
});
