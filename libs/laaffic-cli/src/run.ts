import type { CommandIo } from './command-io.js';
import { EXIT_CODES } from './exit-codes.js';
import { requestedText } from './help.js';

/** Runs one command. Never rejects. @returns the exit code. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const text = requestedText(argv, io.version);
  if (text !== undefined) {
    io.stdout.write(text);
    return EXIT_CODES.ok;
  }
  // Loading Nest takes long, and the help does not need it.
  const { runCommand } = await import('./commands/run-command.js');
  return runCommand(argv, io);
}
