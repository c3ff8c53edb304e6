import { invalidCommand } from '../errors/invalid-command.js';
import type { LaafficGateway } from '../gateway/laaffic.gateway.js';
import { checkContent, checkSenderId, senderIdOf } from '../messages/content.js';
import type { Issue } from '../messages/issue.js';
import type { OrderIds } from '../messages/order-id.js';
import type { Account } from '../options/account.js';
import type { LaafficSettings } from '../options/laaffic.settings.js';
import type { Randomness } from '../randomness.js';
import type { RequestLimiter } from '../rate/request-limiter.js';
import { BulkRun } from './bulk-run.js';
import { BulkSender } from './bulk-sender.js';
import type { BulkMessage, BulkOptions } from './bulk.options.js';
import { readBulkOptions } from './bulk.settings.js';
import { Chunks, type RecipientSource } from './chunks.js';

/** What a run is made of. */
export interface BulkParts {
  readonly account: Account;
  readonly settings: LaafficSettings;
  readonly gateway: LaafficGateway;
  readonly orderIds: OrderIds;
  readonly randomness: Randomness;
  readonly limiter: RequestLimiter;
}

/** @throws {LaafficInputException} naming everything that is wrong with message, options and source. */
export function openBulkRun(
  { account, settings, gateway, orderIds, randomness, limiter }: BulkParts,
  source: RecipientSource,
  message: BulkMessage,
  options: BulkOptions,
): BulkRun {
  const chosen = readBulkOptions(options, settings);
  const issues = [...('issues' in chosen ? chosen.issues : []), ...issuesOf(source, message)];
  if ('issues' in chosen || issues.length > 0) throw invalidCommand(issues);

  const { method, timeout, requestSize, duplicates, settled } = chosen;
  // Not more than go in a second, so that single sends need not wait longer for one of these requests.
  const size = Math.max(1, Math.min(requestSize, Math.floor(settings.rate.recipientsPerSecond ?? requestSize)));
  const sms = { content: message.content, senderId: senderIdOf(message.senderId) ?? account.senderId };
  const sender = new BulkSender({
    retries: chosen.retries,
    isolation: chosen.isolation,
    pauses: settings.queries,
    fraction: () => randomness.fraction(),
    turn: async (count, signal) => {
      const turn = { recipients: count, priority: 'normal', caller: chosen, signal } as const;
      return (await limiter.take(turn)) === 'taken';
    },
    // Without the run's signal: a request under way is finished, for what became of it could not be known.
    request: (recipients) => gateway.sendSms(account, { ...sms, recipients }, { method, timeout, signal: undefined }),
  });
  return new BulkRun({
    ...chosen,
    chunks: new Chunks(source, { size, duplicates, settled, orderIds }),
    size: sizeOf(source),
    settled: settled.ranges,
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
