/**
 * A health indicator of phone verification for Terminus. Needs `npm install @nestjs/terminus`.
 * @module nestjs-laaffic-verify/health
 */
export { VerificationHealthIndicator } from './verification-health.indicator.js';
export { VerificationHealthModule, type VerificationHealthModuleOptions } from './verification-health.module.js';
