/** Options are wrong; thrown at boot, or by `SmsService.as`, naming every field that is. */
export class LaafficOptionsError extends Error {
  override readonly name = 'LaafficOptionsError';
  readonly code = 'LAAFFIC_INVALID_OPTIONS';

  /** @param problems one sentence for each field that is wrong, without its value. */
  constructor(readonly problems: readonly string[]) {
    super(`Invalid Laaffic options: ${problems.join('; ')}`);
  }
}
