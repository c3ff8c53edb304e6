/**
 * A health indicator for Terminus. Needs `npm install @nestjs/terminus`.
 * @module nestjs-laaffic/health
 */
export { CachedResult } from './cached-result.js';
export { getLaafficHealthToken, InjectLaafficHealth, LaafficHealthIndicator } from './laaffic-health.indicator.js';
export type { LaafficHealthModuleExtras } from './laaffic-health.module-definition.js';
export { LaafficHealthModule } from './laaffic-health.module.js';
export type { LaafficHealthOptions } from './laaffic-health.options.js';
