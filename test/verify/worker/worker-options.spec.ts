import { randomBytes } from 'node:crypto';
import { VerificationOptionsError } from 'nestjs-laaffic-verify';
import { VerifySettings } from '../../../libs/laaffic-verify/src/options/verify.settings.js';

const OPTIONS = { keys: [randomBytes(32)], countries: ['GB'], expectedPerDay: 1_000, app: 'Example' };
const DAY = 24 * 60 * 60_000;

it('a process is a worker, reports conversions and keeps verifications for 30 days, unless it says otherwise', () => {
  expect(new VerifySettings(OPTIONS)).toMatchObject({ worker: true, conversions: true, retentionMs: 30 * DAY });
  const others = { worker: false, conversions: false, retentionDays: 1 };
  expect(new VerifySettings({ ...OPTIONS, ...others })).toMatchObject({
    ...{ worker: false, conversions: false, retentionMs: DAY },
  });
});

it.each([
  ['worker', 'yes'],
  ['conversions', 1],
  ['retentionDays', 0],
  ['retentionDays', 3_651],
  ['retentionDays', 1.5],
  ['retentionDays', '30'],
  ['retentionDays', false],
  ['retentionDays', NaN],
])('%s cannot be %j', (field, value) => {
  const boot = () => new VerifySettings({ ...OPTIONS, [field]: value });
  expect(boot).toThrow(VerificationOptionsError);
  expect(boot).toThrow(field);
});
