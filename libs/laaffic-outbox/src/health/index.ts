export { OutboxHealthIndicator } from './outbox-health.indicator.js';
export type { OutboxHealthLimits } from './outbox-health.limits.js';
export { OutboxHealthModule } from './outbox-health.module.js';
