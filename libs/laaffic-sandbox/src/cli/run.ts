import { LaafficSandbox } from '../laaffic-sandbox.js';
import { SandboxError } from '../sandbox.error.js';
import { readArguments, type Arguments } from './arguments.js';
import { HELP } from './help.js';
import { JsonLog, singleLine, TextLog } from './log-lines.js';

export interface CommandIo {
  out(text: string): void;
  error(text: string): void;
  /** Stops the sandbox when it is aborted. */
  readonly stop: AbortSignal;
  readonly version: string;
}

/** Runs the command until it is stopped. Resolves with the exit code: 0, 1 if it cannot listen, 2 for wrong usage. */
export async function run(argv: readonly string[], io: CommandIo): Promise<number> {
  try {
    const given = readArguments(argv);
    if (given.help) io.out(HELP);
    else if (given.version) io.out(`${io.version}\n`);
    else await serve(given, io);
    return 0;
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    const isUsage = error.code.startsWith('INVALID_');
    io.error(`laaffic-sandbox: ${singleLine(error.message)}${isUsage ? ' (see --help)' : ''}\n`);
    return isUsage ? 2 : 1;
  }
}

async function serve({ options, quiet, json }: Arguments, io: CommandIo): Promise<void> {
  const redact = (text: string): string => sandbox.redact(text);
  const log = json ? new JsonLog(redact) : new TextLog(redact);
  const print = (lines: readonly string[]): void => {
    if (!quiet) io.out(lines.map((line) => `${line}\n`).join(''));
  };
  const sandbox = await LaafficSandbox.start({
    ...options,
    onRequest: (request, accepted) => {
      print(log.request(request, accepted));
    },
    onPush: (push) => {
      print([log.push(push)]);
    },
    onBlockedRequest: (request) => {
      print([log.blocked(request, Date.now())]);
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
