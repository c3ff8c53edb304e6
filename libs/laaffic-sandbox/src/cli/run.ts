import { SandboxError } from '../sandbox.error.js';
import { LaafficSandbox } from '../laaffic-sandbox.js';
import { readArguments, type Arguments } from './arguments.js';
import { help } from './help.js';
import { jsonLines, jsonPushLine, textLines, textPushLine } from './log-lines.js';

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
    io.error(`laaffic-sandbox: ${error.message}${usage ? ' (see --help)' : ''}\n`);
    return usage ? 2 : 1;
  }
}

async function serve({ options, quiet, json }: Arguments, io: CommandIo): Promise<void> {
  const lines = json ? jsonLines : textLines;
  const pushLine = json ? jsonPushLine : textPushLine;
  const sandbox = await LaafficSandbox.start({
    ...options,
    onCall: (request, accepted) => {
      if (!quiet)
        io.out(
          lines(request, accepted)
            .map((line) => `${line}\n`)
            .join(''),
        );
    },
    onPush: (push) => {
      if (!quiet) io.out(`${pushLine(push)}\n`);
    },
  });
  const { url } = sandbox;
  io.out(json ? `${JSON.stringify({ event: 'listening', url })}\n` : `laaffic-sandbox ${io.version} at ${url}\n`);
  await new Promise<void>((resolve) => {
    if (io.stop.aborted) resolve();
    io.stop.addEventListener('abort', () => {
      resolve();
    });
  });
  await sandbox.close();
}
