import { SandboxError } from '../sandbox.error.js';
import { LaafficSandbox } from '../laaffic-sandbox.js';
import { readArguments, type Arguments } from './arguments.js';
import { help } from './help.js';
import { JsonLog, TextLog } from './log-lines.js';
import { singleLine } from './single-line.js';

export interface CommandIo {
  out(text: string): void;
  error(text: string): void;
  /** Aborted to stop the sandbox. */
  readonly stop: AbortSignal;
  readonly version: string;
}

/** Runs the command until it is stopped. Resolves with the exit code: 0, 1 when it cannot listen, 2 for bad usage. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    const given = readArguments(argv);
    if (given.help) io.out(help);
    else if (given.version) io.out(`${io.version}\n`);
    else await serve(given, io);
    return 0;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    const usage = error.code.startsWith('INVALID_');
    io.error(`laaffic-sandbox: ${singleLine(error.message)}${usage ? ' (see --help)' : ''}\n`);
    return usage ? 2 : 1;
  }
}

async function serve({ options, quiet, json }: Arguments, io: CommandIo): Promise<void> {
  const redact = (text: string): string => sandbox.redact(text);
  const log = json ? new JsonLog(redact) : new TextLog(redact);
  const say = (lines: readonly string[]): void => {
    if (!quiet) io.out(lines.map((line) => `${line}\n`).join(''));
  };
  const sandbox = await LaafficSandbox.start({
    ...options,
    onCall: (request, accepted) => {
      say(log.call(request, accepted));
    },
    onPush: (push) => {
      say([log.push(push)]);
    },
    onRefused: (request) => {
      say([log.refused(request, Date.now())]);
    },
  });
  io.out(`${log.listening(sandbox.url, io.version)}\n`);
  await new Promise<void>((resolve) => {
    if (io.stop.aborted) resolve();
    io.stop.addEventListener('abort', () => {
      resolve();
    });
  });
  await sandbox.close();
}
