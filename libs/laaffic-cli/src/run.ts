import { readArguments } from './arguments/read-arguments.js';
import type { CommandIo } from './command-io.js';
import { runCommand } from './commands/run-command.js';
import { EXIT, interruptionOf } from './exit-code.js';
import { help } from './help.js';
import { InterruptedError } from './interrupted.error.js';
import { Notes } from './output/notes.js';
import { UsageError } from './usage.error.js';

/** Runs one command to its end. @returns the exit code; never rejects. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  const notes = new Notes(io.stderr, io.env);
  try {
    const given = readArguments(argv);
    if ('show' in given) {
      io.stdout.write(given.show === 'help' ? help : `${io.version}\n`);
      return EXIT.ok;
    }
    return await runCommand(given, io, notes);
  } catch (error) {
    if (error instanceof InterruptedError) return interruptionOf(io.stop);
    if (error instanceof UsageError) {
      notes.say(error.message);
      return EXIT.usage;
    }
    notes.fault(error instanceof Error ? error : new Error(String(error)));
    return EXIT.fault;
  }
}
