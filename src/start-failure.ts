import { ConfigurationError } from './configuration.js';
import { DatabaseError } from './database/database.error.js';
import { escapeControls, escapeStack } from './common/logging/escape-controls.js';

/** What to do if the service cannot listen, by Node's error codes. */
const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken: set PORT to a free one',
  EACCES: 'this user may not listen on the port: set PORT to one above 1023',
  EADDRNOTAVAIL: 'this machine does not have the address of HOST',
  ENOTFOUND: 'HOST is neither an address nor a name of this machine',
};

/** Explains why the service does not start: one line that says what to do, or the stack of an unexpected error. */
export function startFailure(error: unknown): string {
  const { code, syscall, stack, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  const advice = syscall === 'listen' || syscall === 'getaddrinfo' ? LISTENING[code ?? ''] : undefined;
  if (advice !== undefined) return `The service cannot start: ${advice} (${code})`;
  const isExplained = error instanceof ConfigurationError || error instanceof DatabaseError;
  if (isExplained || code === 'LAAFFIC_INVALID_OPTIONS') return escapeControls(message ?? '');
  return escapeStack(stack ?? message ?? String(error));
}
