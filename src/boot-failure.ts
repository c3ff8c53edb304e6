import { ConfigurationError } from './configuration.js';
import { DatabaseError } from './database/database.error.js';
import { escapeControls, escapeStack } from './logging/escape-controls.js';

/** What to do where the service cannot listen, by the codes of Node. */
const LISTENING: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken: set PORT to a free one',
  EACCES: 'this user may not listen on the port: set PORT to one above 1023',
  EADDRNOTAVAIL: 'this machine does not have the address of HOST',
  ENOTFOUND: 'HOST is no address, and no name of this machine',
};

/** Why the service does not start: one line with what to do, or a stack where nothing is known about it. */
export function bootFailure(error: unknown): string {
  const { code, syscall, stack, message } = (error ?? {}) as Partial<NodeJS.ErrnoException>;
  const advice = syscall === 'listen' || syscall === 'getaddrinfo' ? LISTENING[code ?? ''] : undefined;
  if (advice !== undefined) return `The service cannot start: ${advice} (${code})`;
  const isExplained = error instanceof ConfigurationError || error instanceof DatabaseError;
  if (isExplained || code === 'LAAFFIC_INVALID_OPTIONS') return escapeControls(message ?? '');
  return escapeStack(stack ?? message ?? String(error));
}
