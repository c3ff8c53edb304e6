export type { LaafficTelemetryModuleExtras } from './laaffic-telemetry.module-definition.js';
export { LaafficTelemetryModule } from './laaffic-telemetry.module.js';
export type { LaafficTelemetryOptions } from './laaffic-telemetry.options.js';
