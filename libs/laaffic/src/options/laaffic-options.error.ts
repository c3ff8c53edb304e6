/** Options are wrong. Thrown at boot or by `SmsService.withAccount`. Names every wrong field. */
export class LaafficOptionsError extends Error {
  override readonly name = 'LaafficOptionsError';
  readonly code = 'LAAFFIC_INVALID_OPTIONS';

  /**
   * @param problems one sentence for each wrong field, without its value.
   * @param account the name of the account; `undefined` for the default account.
   */
  constructor(
    readonly problems: readonly string[],
    readonly account?: string,
  ) {
    super(
      `Invalid Laaffic options${account === undefined ? '' : ` of the account "${account}"`}: ${problems.join('; ')}`,
    );
  }
}
