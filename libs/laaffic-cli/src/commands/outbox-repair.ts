import type { OutboxArguments } from '../arguments/arguments.js';
import { pluralize } from '../output/format.js';
import type { ResultWriter } from '../output/result-writer.js';
import type { OutboxConnection } from '../outbox/outbox-connection.js';
import type { OpenedOutbox } from '../outbox/outbox-packages.js';

/** Prepares an outbox that was restored from a backup. */
export async function restored(
  { pool, schema, functions }: OutboxConnection,
  { backupAt = new Date(0), notStarted, json }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const marked = await functions.markOutboxRestored(pool, { schema, backupAt, notStarted });
  if (json) return results.writeJson(marked);
  const { chunks, recipients } = marked;
  await results.writeLine(
    `${pluralize(recipients, 'recipient')} in ${pluralize(chunks, 'chunk')} may have been sent after the backup: unknown now`,
  );
}

/** Erases a person's number, and prints where it cannot be erased yet. */
export async function erase(
  { outbox }: OpenedOutbox,
  { number = '', actor, json }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const { erased, open } = await outbox.eraseNumber(number, { actor });
  if (json) return results.writeJson({ erased, open });
  await results.writeLine(`erased ${pluralize(erased, 'recipient')}`);
  for (const place of open) {
    const where = 'messageId' in place ? `message ${place.messageId}` : `campaign ${place.campaignId}`;
    await results.writeLine(`not finished: ${where} position ${place.position}`);
  }
}
