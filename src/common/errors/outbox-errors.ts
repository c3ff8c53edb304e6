import { OutboxError } from 'nestjs-laaffic-outbox';

/** The error of an id that nothing has. */
export function notFound(what: 'message' | 'campaign' | 'API key' | 'inbound message'): OutboxError {
  return new OutboxError('OUTBOX_NOT_FOUND', `There is no ${what} with this id`);
}

/**
 * Reads something after it was changed. If reading fails, the error says that the change was made.
 * @throws {OutboxError} with the outcome `unknown`.
 */
export async function readAfterChange<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof OutboxError)) throw error;
    const { code, message, cause } = error;
    throw new OutboxError(code, `The change was made, but cannot be shown: ${message}`, { cause, outcome: 'unknown' });
  }
}
