/**
 * Spans and metrics of requests to the gateway. Needs `npm install @opentelemetry/api`.
 * @module nestjs-laaffic/telemetry
 */
export type { LaafficTelemetryModuleExtras } from './laaffic-telemetry.module-definition.js';
export { LaafficTelemetryModule } from './laaffic-telemetry.module.js';
export type { LaafficTelemetryOptions } from './laaffic-telemetry.options.js';
