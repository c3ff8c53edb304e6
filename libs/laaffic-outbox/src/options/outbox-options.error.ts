/** Options of the outbox are wrong. Names every wrong field. */
export class OutboxOptionsError extends Error {
  override readonly name = 'OutboxOptionsError';
  readonly code = 'OUTBOX_INVALID_OPTIONS';

  /**
   * @param problems one sentence for each wrong field, without its value.
   * @param account the name of the account; `undefined` for the default account.
   */
  constructor(
    readonly problems: readonly string[],
    readonly account?: string,
  ) {
    super(
      `Invalid outbox options${account === undefined ? '' : ` of the account "${account}"`}: ${problems.join('; ')}`,
    );
  }
}
