/**
 * The content of `postmaster.pid`, the lock of a server's data directory. It does not tell whether the server is ready.
 */
export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
}

/** @returns `undefined` if the file is incomplete: a server is writing it, or a crash has damaged it. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n');
  const pid = readWhole(lines[0], 0x7fffffff);
  const port = readWhole(lines[3], 65535);
  if (pid === undefined || port === undefined) return undefined;
  return { pid, port };
}

function readWhole(line: string | undefined, most: number): number | undefined {
  if (line === undefined || !/^[1-9]\d{0,9}\s*$/.test(line)) return undefined;
  const value = Number(line);
  return value > most ? undefined : value;
}
