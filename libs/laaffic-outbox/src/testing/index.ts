/**
 * Runs the outbox by hand in the tests of an app, lets time pass in it, and asserts what it contains.
 * @module nestjs-laaffic-outbox/testing
 */
export { millisecondsOf, type Duration } from './duration.js';
export type { EnqueuedMessage } from './enqueued-messages.js';
export { getOutboxTesterToken } from './outbox-tester-token.js';
export { OutboxTester, type EnqueuedPredicate, type RunResult } from './outbox-tester.js';
export { OutboxTestingModule, type OutboxTestingModuleOptions } from './outbox-testing.module.js';
