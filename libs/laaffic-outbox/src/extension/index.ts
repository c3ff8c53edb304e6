/**
 * For packages that keep tables of their own in the database of the outbox, such as nestjs-laaffic-verify.
 * @module nestjs-laaffic-outbox/extension
 */
export type { Release, SchemaStatus } from '../database/migrate.js';
export { migrateTo, readStatus, rollBackTo } from '../database/migrate.js';
export { whileRenewing } from '../events/handler-call.js';
export {
  checkHandlerName,
  findHandlerMethods,
  type HandlerKind,
  type HandlerMark,
  type HandlerMethod,
} from '../events/handler-methods.js';
export type { Decision, DecisionParams } from '../messages/decided-message.js';
export { readSecretKeys } from '../options/secret-keys.js';
export { storeToken as getOutboxStoreToken } from '../outbox-tokens.js';
export type { OutboxStore } from '../store/outbox-store.js';
export { PeriodicTask, type PeriodicTaskPlan } from '../runtime/periodic-task.js';
export type { Exact, FunctionSet, Migration, Nothing, Statement } from '../sql/statement.js';
export { OutboxExtension, type ExtensionOptions, type MessageAcceptance } from './outbox-extension.js';
