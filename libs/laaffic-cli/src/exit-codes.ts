/** The exit codes of the command. They are stable because scripts depend on them. */
export const EXIT_CODES = {
  ok: 0,
  usage: 1,
  rejected: 2,
  unknown: 3,
  stopped: 4,
  unfinished: 5,
  internalError: 70,
} as const;

/** The signals that end the command, with the exit codes that shells use for them. */
export const SIGNAL_EXIT_CODES = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** The meaning of each exit code, for the help and the README. */
export const EXIT_CODE_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT_CODES.ok, 'every recipient was accepted, or the query succeeded'],
  [EXIT_CODES.usage, 'the command line, the settings or the input are wrong; nothing was sent'],
  [EXIT_CODES.rejected, 'at least one recipient was rejected; rejected recipients get no message'],
  [EXIT_CODES.unknown, 'at least one outcome is unknown: the message may have been sent'],
  [EXIT_CODES.stopped, 'the run stopped early, or the query failed; run the same command again'],
  [EXIT_CODES.unfinished, 'a killed run left unfinished requests; they may have been sent and are not resent'],
  [EXIT_CODES.internalError, 'internal error'],
  [SIGNAL_EXIT_CODES.SIGINT, 'stopped by Ctrl+C, after the requests in flight finished'],
  [SIGNAL_EXIT_CODES.SIGPIPE, 'stopped because the reader of stdout exited, after the requests in flight finished'],
  [SIGNAL_EXIT_CODES.SIGTERM, 'stopped by SIGTERM, after the requests in flight finished'],
];

/** The facts that decide the exit code of a send. */
export interface SendSummary {
  readonly isStopped: boolean;
  readonly unfinished: number;
  readonly unknown: number;
  readonly rejected: number;
}

/** Returns the exit code of the most serious fact. */
export function exitCodeOf({ isStopped, unfinished, unknown, rejected }: SendSummary): number {
  if (isStopped) return EXIT_CODES.stopped;
  if (unfinished > 0) return EXIT_CODES.unfinished;
  if (unknown > 0) return EXIT_CODES.unknown;
  return rejected > 0 ? EXIT_CODES.rejected : EXIT_CODES.ok;
}

/** @param stop an aborted signal whose reason is the name of the operating system's signal. */
export function signalExitCode(stop: AbortSignal): number {
  const codes: Readonly<Record<string, number>> = SIGNAL_EXIT_CODES;
  return codes[String(stop.reason)] ?? SIGNAL_EXIT_CODES.SIGINT;
}
