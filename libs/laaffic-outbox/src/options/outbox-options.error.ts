/** The outbox' options are wrong; the message names every field that is. */
export class OutboxOptionsError extends Error {
  override readonly name = 'OutboxOptionsError';
  readonly code = 'OUTBOX_INVALID_OPTIONS';

  constructor(readonly problems: readonly string[]) {
    super(`Invalid options of LaafficOutboxModule: ${problems.join('; ')}`);
  }
}
