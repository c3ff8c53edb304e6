/** What the command ends with. Stable: scripts depend on it. */
export const EXIT = {
  /** Everybody was accepted, or the question was answered. */
  ok: 0,
  /** The call, the settings or the input are wrong; nothing was sent. */
  usage: 1,
  /** Somebody was refused; surely nothing was sent to them. */
  rejected: 2,
  /** Of somebody nobody can know: the message may have been sent. */
  unknown: 3,
  /** It stopped early, or the question went unanswered: the same command again goes on. */
  stopped: 4,
  /** An earlier run was killed in the middle of requests, which may have been sent, and are not sent again. */
  unsettled: 5,
  /** A fault of this program. */
  fault: 70,
} as const;

/** The signals that end it, and the exit codes that shells give them. */
export const INTERRUPTED = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** What the exit code of sends is made of; of several the gravest counts. */
export interface Ending {
  readonly isStopped: boolean;
  readonly unsettled: number;
  readonly unknown: number;
  readonly rejected: number;
}

export function exitCodeOf({ isStopped, unsettled, unknown, rejected }: Ending): number {
  if (isStopped) return EXIT.stopped;
  if (unsettled > 0) return EXIT.unsettled;
  if (unknown > 0) return EXIT.unknown;
  return rejected > 0 ? EXIT.rejected : EXIT.ok;
}

/** @param stop what was aborted, with the signal's name as its reason. */
export function interruptionOf(stop: AbortSignal): number {
  const codes: Readonly<Record<string, number>> = INTERRUPTED;
  return codes[String(stop.reason)] ?? INTERRUPTED.SIGINT;
}
