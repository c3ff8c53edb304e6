export { OutboxTelemetryModule } from './outbox-telemetry.module.js';
export type { OutboxTelemetryOptions } from './outbox-telemetry.options.js';
