/** A `sendSms` call whose parameters are in order. The numbers themselves are not checked yet. */
export interface SendRequest {
  readonly appId: string;
  readonly numbers: readonly string[];
  /** One for each number; `null` when none was sent. */
  readonly orderIds: readonly (string | null)[] | null;
  readonly content: string;
  readonly senderId: string | null;
}
