/**
 * Verifies phone numbers by one-time passwords.
 * @module nestjs-laaffic-verify
 */
export {
  VerificationError,
  VerificationOptionsError,
  type VerificationErrorCode,
} from './errors/verification.error.js';
export { LaafficVerifyModule } from './laaffic-verify.module.js';
export type { LaafficVerifyModuleExtras } from './laaffic-verify.module-definition.js';
export type { AllowableNumberType } from './numbers/number-policy.js';
export type {
  CodeOptions,
  GuardOptions,
  LaafficVerifyOptions,
  SendOptions,
  ShadowRule,
} from './options/verify.options.js';
export {
  SmsVerification,
  type CheckOptions,
  type CheckResult,
  type CheckVerification,
  type FoundVerification,
  type RedeemedVerification,
  type StartedVerification,
  type StartOptions,
  type StartVerification,
} from './sms-verification.js';
export type { VerificationState } from './sql/generated.js';
export {
  getVerificationSchemaStatus,
  migrateVerification,
  rollBackVerification,
} from './store/migrate-verification.js';
export type { VerificationClient } from './texts/autofill.js';
export type { VerificationText, VerificationTextValues } from './texts/verification-text.js';
export type { VerificationTextOptions } from './texts/verification-texts.js';
