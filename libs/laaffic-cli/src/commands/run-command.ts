import { withEnvFile } from '../account/read-environment.js';
import type { CommandArguments } from '../arguments/arguments.js';
import { readArguments } from '../arguments/read-arguments.js';
import { InterruptedError, UsageError } from '../command.error.js';
import type { CommandIo } from '../command-io.js';
import { EXIT_CODES, signalExitCode } from '../exit-codes.js';
import { StderrLog } from '../output/stderr-log.js';
import { bulk } from './bulk.js';
import { outbox } from './outbox.js';
import { balance, reports } from './queries.js';
import { send } from './send.js';

/** Runs a command and prints its errors. Never rejects. @returns the exit code. */
export async function runCommand(argv: readonly string[], io: CommandIo): Promise<number> {
  let log = new StderrLog(io.stderr, io.env);
  try {
    const given = readArguments(argv);
    const env = withEnvFile(io.env, given.envFile);
    // The file may contain secrets that the environment does not.
    log = new StderrLog(io.stderr, env);
    return await dispatch(given, { ...io, env }, log);
  } catch (error) {
    if (error instanceof InterruptedError) return signalExitCode(io.stop);
    if (error instanceof UsageError) {
      log.print(error.message);
      return EXIT_CODES.usage;
    }
    log.printInternalError(error instanceof Error ? error : new Error(String(error)));
    return EXIT_CODES.internalError;
  }
}

function dispatch(given: CommandArguments, io: CommandIo, log: StderrLog): Promise<number> {
  switch (given.command) {
    case 'send':
      return send(given, io, log);
    case 'bulk':
      return bulk(given, io, log);
    case 'reports':
      return reports(given, io, log);
    case 'balance':
      return balance(given, io, log);
    case 'outbox':
      return outbox(given, io, log);
  }
}
