/**
 * A health indicator of the outbox for Terminus. Needs `npm install @nestjs/terminus`.
 * @module nestjs-laaffic-outbox/health
 */
export { OutboxHealthIndicator } from './outbox-health.indicator.js';
export type { OutboxHealthLimits } from './outbox-health.limits.js';
export { OutboxHealthModule, type OutboxHealthModuleOptions } from './outbox-health.module.js';
export { getOutboxHealthToken, InjectOutboxHealth } from './outbox-health-token.js';
