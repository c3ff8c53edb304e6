/**
 * Metrics of the outbox. Needs `npm install @opentelemetry/api`.
 * @module nestjs-laaffic-outbox/telemetry
 */
export { OutboxTelemetryModule } from './outbox-telemetry.module.js';
export type { OutboxTelemetryOptions } from './outbox-telemetry.options.js';
