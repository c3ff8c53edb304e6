export { getLaafficHealthToken, InjectLaafficHealth } from './laaffic-health-token.js';
export { LaafficHealthIndicator } from './laaffic-health.indicator.js';
export type { LaafficHealthModuleExtras } from './laaffic-health.module-definition.js';
export { LaafficHealthModule } from './laaffic-health.module.js';
export type { LaafficHealthOptions } from './laaffic-health.options.js';
