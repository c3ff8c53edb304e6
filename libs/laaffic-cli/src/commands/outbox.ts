import { maskNumber } from 'nestjs-laaffic';
import type { OutboxArguments } from '../arguments/arguments.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES } from '../exit-codes.js';
import { ResultWriter } from '../output/result-writer.js';
import type { StderrLog } from '../output/stderr-log.js';
import { withOutbox, type OutboxConnection } from '../outbox/outbox-connection.js';
import type { OpenedOutbox, OutboxRecipient } from '../outbox/outbox-packages.js';
import { drain, pauseLanes, resumeLanes } from './outbox-lanes.js';
import { erase, restored } from './outbox-repair.js';
import { outboxStatus } from './outbox-status.js';

/** Runs a command of operators of `nestjs-laaffic-outbox`. @returns the exit code. */
export function outbox(given: OutboxArguments, io: CommandIo, log: StderrLog): Promise<number> {
  const results = new ResultWriter(io.stdout);
  return withOutbox(given, io, log, async (connection) => {
    switch (given.step) {
      case 'migrate':
        await migrate(connection, given, results);
        break;
      case 'plan':
        await plan(connection, given, results);
        break;
      case 'rollback':
        await rollBack(connection, given, results);
        break;
      case 'status':
        await outboxStatus(connection, given, results);
        break;
      case 'held':
        await held(await connection.openAccount(), given, results);
        break;
      case 'pause':
        await pauseLanes(await connection.openAccount(), given, results);
        break;
      case 'resume':
        await resumeLanes(await connection.openAccount(), given, results);
        break;
      case 'drain':
        await drain(await connection.openAccount(), given, results, { log, stop: io.stop });
        break;
      case 'restored':
        await restored(connection, given, results);
        break;
      case 'erase':
        await erase(await connection.openAccount(), given, results);
        break;
    }
    return EXIT_CODES.ok;
  });
}

async function migrate(
  { pool, schema, functions }: OutboxConnection,
  { json }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const before = await functions.getOutboxSchemaStatus(pool, schema);
  await functions.migrateOutbox(pool, schema);
  const { version } = await functions.getOutboxSchemaStatus(pool, schema);
  const applied = before.pending.map((pending) => pending.version);
  if (json) await results.writeJson({ schema, version, applied });
  else if (applied.length === 0) await results.writeLine(`${schema} is up to date at version ${version}`);
  else await results.writeLine(`${schema} is at version ${version}; applied ${applied.join(', ')}`);
}

async function plan(
  { pool, schema, functions }: OutboxConnection,
  { json }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const { pending } = await functions.getOutboxSchemaStatus(pool, schema);
  if (json) return results.writeJson(pending);
  for (const { version, name, isBreaking, sql } of pending) {
    const title = `-- version ${version}: ${name}${isBreaking ? ', breaking' : ''}`;
    await results.writeLines([title, ...sql.trimEnd().split('\n')]);
  }
}

async function rollBack(
  { pool, schema, functions }: OutboxConnection,
  { json, version = 0 }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  const takenBack = await functions.rollBackOutbox(pool, version, schema);
  const { version: now } = await functions.getOutboxSchemaStatus(pool, schema);
  if (json) await results.writeJson({ schema, version: now, takenBack });
  else {
    const what = takenBack.length === 0 ? 'nothing was taken back' : `took back ${takenBack.join(', ')}`;
    await results.writeLine(`${schema} is at version ${now}; ${what}`);
  }
}

/** Prints each recipient on hold as soon as it is read. */
async function held(
  opened: OpenedOutbox,
  { json, showNumbers }: OutboxArguments,
  results: ResultWriter,
): Promise<void> {
  for await (const { messageId, campaignId, reference, ...recipient } of opened.outbox.listHeld()) {
    const shown = showNumbers ? recipient : masked(recipient);
    if (json) {
      // JSON leaves out what is undefined. The command prints the whole list, so its ids are of no use.
      await results.writeJson({ messageId, campaignId, reference, ...shown, id: undefined });
      continue;
    }
    const { position, number, sentAt, code, reason } = shown;
    const place = messageId === undefined ? `campaign ${campaignId ?? ''}` : `message ${messageId}`;
    const facts = [place, `position ${position}`, number, sentAt?.toISOString(), code, reason];
    await results.writeLine(facts.filter((fact) => fact !== undefined).join(' '));
  }
}

/** The reason of the gateway may repeat the number. */
function masked(recipient: OutboxRecipient): OutboxRecipient {
  const { number, reason } = recipient;
  if (number === undefined) return recipient;
  const shown = maskNumber(number);
  return { ...recipient, number: shown, ...(reason === undefined ? {} : { reason: reason.replaceAll(number, shown) }) };
}
