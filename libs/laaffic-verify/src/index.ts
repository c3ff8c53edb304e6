/**
 * Verifies phone numbers by one-time passwords.
 * @module nestjs-laaffic-verify
 */
export type { VerificationActivity, VerificationActivityResult } from './activity/verification-activity.js';
export {
  toVerificationError,
  VerificationError,
  VerificationOptionsError,
  type VerificationErrorCode,
} from './errors/verification.error.js';
export { OnApproved, type ApprovedVerification, type OnApprovedOptions } from './events/on-approved.decorator.js';
export { OnGuardAlarm, type OnGuardAlarmOptions } from './events/on-guard-alarm.decorator.js';
export {
  FraudGuard,
  type DecisionQuery,
  type GuardStatus,
  type ListOptions,
  type ReleasedRange,
} from './fraud-guard.js';
export type { Challenge, HookContext, NumberFacts, NumberLookup } from './guard/challenge.js';
export type { GuardAlarm, GuardAlarmType } from './guard/guard-alarm.js';
export type { BudgetStatus, CapStatus, CountryStatus } from './guard/guard-status.js';
export type { CountryPrice } from './guard/prices.js';
export type { BlockedRange, ListedEntry, OperatorChange, StoredDecision, Verdict } from './guard/guard-store.js';
export { LaafficVerifyModule } from './laaffic-verify.module.js';
export type { LaafficVerifyModuleExtras } from './laaffic-verify.module-definition.js';
export type { AllowableNumberType } from './numbers/number-policy.js';
export type {
  CapOptions,
  CodeOptions,
  GuardOptions,
  LaafficVerifyOptions,
  SendOptions,
  ShadowRule,
  TestNumber,
} from './options/verify.options.js';
export { ClientSource } from './requests/client-source.decorator.js';
export { RequireVerification, type VerificationRequirement } from './requests/require-verification.decorator.js';
export { UseVerifyErrors } from './requests/use-verify-errors.decorator.js';
export type { VerificationRequest } from './requests/verification-request.js';
export { VerifiedNumber } from './requests/verified-number.decorator.js';
export { SmsVerification } from './sms-verification.js';
export type {
  CancelOptions,
  CheckOptions,
  CheckResult,
  CheckVerification,
  FoundVerification,
  RedeemedVerification,
  StartedVerification,
  StartOptions,
  StartVerification,
} from './verification.js';
export type { VerificationState } from './sql/generated.js';
export {
  getVerificationSchemaStatus,
  migrateVerification,
  rollBackVerification,
} from './store/migrate-verification.js';
export type { VerificationClient } from './texts/autofill.js';
export type { VerificationText, VerificationTextValues } from './texts/verification-text.js';
export type { VerificationTextOptions } from './texts/verification-texts.js';
