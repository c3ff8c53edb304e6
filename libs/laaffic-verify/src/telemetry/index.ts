/**
 * Metrics and spans of phone verification. Needs `npm install @opentelemetry/api`.
 * @module nestjs-laaffic-verify/telemetry
 */
export { VerificationTelemetryModule } from './verification-telemetry.module.js';
export type { VerificationTelemetryOptions } from './verification-telemetry.options.js';
