import { invalidCommand } from '../errors/invalid-command.js';
import type { SendClient } from '../gateway/send/send-client.js';
import type { Issue } from '../messages/issue.js';
import type { OrderIdGenerator } from '../messages/order-ids.js';
import { checkContent, checkSenderId, senderIdOf } from '../messages/send-command.js';
import type { Account } from '../options/account.js';
import type { LaafficSettings } from '../options/laaffic.settings.js';
import type { Randomness } from '../randomness.js';
import type { RateLimiter } from '../rate/rate-limiter.js';
import { BulkRun } from './bulk-run.js';
import { BulkSender } from './chunk-sender.js';
import type { BulkMessage, BulkOptions } from './bulk.options.js';
import { readBulkOptions } from './bulk.settings.js';
import { Chunks, type RecipientSource } from './chunks.js';

/** The parts of the service that a run needs. */
export interface BulkParts {
  readonly account: Account;
  readonly settings: LaafficSettings;
  readonly sends: SendClient;
  readonly orderIds: OrderIdGenerator;
  readonly randomness: Randomness;
  readonly limiter: RateLimiter;
}

/** Creates a run. @throws {LaafficInputException} with every problem of the message, the options and the source. */
export function openBulkRun(
  { account, settings, sends, orderIds, randomness, limiter }: BulkParts,
  source: RecipientSource,
  message: BulkMessage,
  options: BulkOptions,
): BulkRun {
  const read = readBulkOptions(options, settings);
  const issues = [...('issues' in read ? read.issues : []), ...issuesOf(source, message)];
  if ('issues' in read || issues.length > 0) throw invalidCommand(issues);

  const { method, timeoutMs, batchSize, duplicates, processed } = read;
  // At most the recipients of one second, so that a single send does not wait longer for one of these requests.
  const size = Math.max(1, Math.min(batchSize, Math.floor(settings.rate.recipientsPerSecond ?? batchSize)));
  const sms = { content: message.content, senderId: senderIdOf(message.senderId) ?? account.senderId };
  const sender = new BulkSender({
    retries: read.retries,
    maxSplits: read.maxSplits,
    backoff: settings.queryRetry,
    random: () => randomness.random(),
    turn: async (count, signal) => {
      const turn = { recipients: count, priority: 'normal', caller: read, signal } as const;
      return (await limiter.acquire(turn)) === 'acquired';
    },
    // Without the run's signal: aborting a request in flight would make its outcome unknown.
    request: (recipients) => sends.sendSms(account, { ...sms, recipients }, { method, timeoutMs, signal: undefined }),
  });
  return new BulkRun({
    ...read,
    chunks: new Chunks(source, { size, duplicates, processed, orderIds }),
    size: sizeOf(source),
    processed: processed.ranges,
    send: (chunk, stopped, starting) => sender.send(chunk, stopped, starting),
  });
}

function issuesOf(source: unknown, message: unknown): Issue[] {
  const { content, senderId } = (message ?? {}) as { content?: unknown; senderId?: unknown };
  const isIterable =
    typeof source === 'object' && source !== null && (Symbol.iterator in source || Symbol.asyncIterator in source);
  const noSource = isIterable ? undefined : { field: 'recipients', problem: 'must be an iterable of recipients' };
  return [noSource, checkContent(content), checkSenderId(senderId)].filter((issue) => issue !== undefined);
}

function sizeOf(source: RecipientSource): number | undefined {
  if (Array.isArray(source)) return source.length;
  return source instanceof Set ? source.size : undefined;
}
