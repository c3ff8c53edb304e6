/**
 * A fake `SmsVerification` for tests, which decides like the real one.
 * @module nestjs-laaffic-verify/testing
 */
export {
  FakeSmsVerification,
  type ApprovedCheck,
  type FakeVerificationOptions,
  type SentCodePredicate,
} from './fake-sms-verification.js';
export { LaafficVerifyTestingModule, type LaafficVerifyTestingOptions } from './laaffic-verify-testing.module.js';
export type { SentCode } from './memory-outbox.js';
export type { SimulatedRejection } from './simulated-rejection.js';
