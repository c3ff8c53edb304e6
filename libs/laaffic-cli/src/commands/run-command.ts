import type { CommandArguments } from '../arguments/arguments.js';
import { withEnvFile } from '../account/read-environment.js';
import type { CommandIo } from '../command-io.js';
import { Notes } from '../output/notes.js';
import { balance } from './balance.js';
import { bulk } from './bulk.js';
import { reports } from './reports.js';
import { send } from './send.js';

/** Runs a command. @returns its exit code. @throws {UsageError} if nothing can be done. */
export async function runCommand(given: CommandArguments, { env, ...rest }: CommandIo, notes: Notes): Promise<number> {
  const io = { ...rest, env: withEnvFile(env, given.envFile) };
  // The secrets of the file are secrets too.
  const safe = given.envFile === undefined ? notes : new Notes(io.stderr, io.env);
  switch (given.command) {
    case 'send':
      return send(given, io, safe);
    case 'bulk':
      return bulk(given, io, safe);
    case 'reports':
      return reports(given, io, safe);
    case 'balance':
      return balance(given, io, safe);
  }
}
