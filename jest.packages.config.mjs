import { shared } from './jest.config.mjs';

/** @type {import('jest').Config} */
export default {
  ...shared,
  // The specs share one folder of packed packages and start two npm processes at a time themselves.
  maxWorkers: 1,
  testTimeout: 180_000,
  testMatch: ['<rootDir>/test/packages/**/*.spec.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  globalSetup: '<rootDir>/test/packages/pack.setup.mjs',
};
