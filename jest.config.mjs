import { availableParallelism } from 'node:os';

// Nest 12 and its packages are published as ES modules only. Jest cannot require() ES modules on
// Node < 24.9, and its own ESM mode cannot load CommonJS packages that require Nest there. So
// everything runs as CommonJS inside Jest, with the ESM-only packages compiled like our sources.
const esmOnly = [
  '@nestjs',
  '@borewit',
  '@fastify/static',
  '@tokenizer',
  'content-disposition',
  'file-type',
  'load-esm',
  'strtok3',
  'token-types',
  'uint8array-extras',
];

/** @type {import('jest').Config} */
export const shared = {
  testEnvironment: 'node',
  // Or Jest looks through all of node_modules before it begins.
  roots: ['src', 'libs', 'test', 'examples'].map((folder) => `<rootDir>/${folder}`),
  maxWorkers: '100%',
  // Long enough for a machine that does other things as well: what a test waits for has limits of its own.
  testTimeout: 120_000,
  // No other clone uses it.
  cacheDirectory: '<rootDir>/node_modules/.cache/jest',
  globalSetup: '<rootDir>/test/setup/start-run.mjs',
  globalTeardown: '<rootDir>/test/setup/end-run.mjs',
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/libs/[^/]+/dist/'],
  transform: {
    '^.+\\.[jt]s$': [
      '@swc/jest',
      {
        swcrc: false,
        sourceMaps: true,
        module: { type: 'commonjs' },
        jsc: {
          target: 'es2022',
          keepClassNames: true,
          parser: { syntax: 'typescript', decorators: true, dynamicImport: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)`],
};

/** @type {import('jest').Config} */
export default {
  ...shared,
  // Many wait for a database or a gateway most of the time.
  maxWorkers: 2 * availableParallelism(),
  // Jest keeps much of each file, and the more there is, the longer it takes to collect garbage.
  workerIdleMemoryLimit: '500MB',
  testMatch: ['<rootDir>/{src,libs,test,examples}/**/*.{spec,e2e-spec}.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/test/(packages|chaos)/',
    // Minutes of attacks on the guard. `.ci/run` and `npm run chaos:verify` set THOROUGH.
    ...(process.env['THOROUGH'] === undefined ? ['<rootDir>/test/verify/traffic/simulation'] : []),
  ],
  moduleNameMapper: {
    '^nestjs-laaffic$': '<rootDir>/libs/laaffic/src/index.ts',
    '^nestjs-laaffic/(commands|webhooks|health|telemetry|testing|recipient-files)$':
      '<rootDir>/libs/laaffic/src/$1/index.ts',
    '^nestjs-laaffic-outbox$': '<rootDir>/libs/laaffic-outbox/src/index.ts',
    '^nestjs-laaffic-outbox/(health|telemetry|testing|extension)$': '<rootDir>/libs/laaffic-outbox/src/$1/index.ts',
    '^nestjs-laaffic-verify$': '<rootDir>/libs/laaffic-verify/src/index.ts',
    '^nestjs-laaffic-verify/(commands|http|testing|health|telemetry)$': '<rootDir>/libs/laaffic-verify/src/$1/index.ts',
    '^nestjs-embedded-postgres$': '<rootDir>/libs/embedded-postgres/src/index.ts',
    '^nestjs-laaffic-outbox/(typeorm|prisma|drizzle|kysely|knex|mikro-orm)$':
      '<rootDir>/libs/laaffic-outbox/src/transactions/$1.ts',
    '^laaffic-sandbox$': '<rootDir>/libs/laaffic-sandbox/src/index.ts',
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  coverageProvider: 'v8',
  collectCoverageFrom: ['{src,libs/*/src}/**/*.ts', '!**/*.{spec,e2e-spec,d}.ts', '!src/main.ts', '!libs/*/src/cli.ts'],
};
