import { shared } from './jest.config.mjs';

/** Worker processes from the built packages, killed and frozen; see test/chaos/scenarios.mjs. */
export default {
  ...shared,
  testMatch: ['<rootDir>/test/chaos/*.spec.ts'],
  maxWorkers: 1,
  testTimeout: 180_000,
};
