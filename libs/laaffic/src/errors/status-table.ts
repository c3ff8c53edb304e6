/**
 * What a failure is about, and so what to do: correct the `input`, fix the `account`, wait because of a `limit`, set the
 * `clock`, or contact the `platform`. `transport` and `unreadable` failures say nothing about the request itself.
 */
export type FailureKind = 'input' | 'account' | 'limit' | 'clock' | 'platform' | 'transport' | 'unreadable';

/**
 * `rejected`: certainly not sent; it is safe to send again. `unknown`: it may have been sent, and sending again may send it
 * twice.
 */
export type FailureOutcome = 'rejected' | 'unknown';

/** A row of the failure tables: what one code means, and what to do about it. */
export interface Failure {
  /** Stable, for programs: `LAAFFIC_INSUFFICIENT_BALANCE`. */
  readonly code: string;
  readonly kind: FailureKind;
  readonly outcome: FailureOutcome;
  /** The HTTP status of the exception filter's response. */
  readonly http: number;
  /** What happened, in words for the end user. Says nothing about the operator's account except that it is the cause. */
  readonly title: string;
  /** What the developer or operator should do. */
  readonly advice: string;
  /** The field of the send command that has to be corrected. */
  readonly field?: string;
  /** Seconds until a retry may succeed. An estimate: the vendor publishes no figures. */
  readonly retryAfterSeconds?: number;
}

const input = (code: string, http: number, title: string, advice: string, field?: string): Failure => ({
  code: `LAAFFIC_${code}`,
  kind: 'input',
  outcome: 'rejected',
  http,
  title,
  advice,
  ...(field === undefined ? {} : { field }),
});

const ACCOUNT_TITLE = 'The SMS gateway rejected the account of this service';

const account = (code: string, advice: string, http = 502): Failure => ({
  code: `LAAFFIC_${code}`,
  kind: 'account',
  outcome: 'rejected',
  http,
  title: ACCOUNT_TITLE,
  advice,
});

const limit = (code: string, retryAfterSeconds: number, title: string, advice: string): Failure => ({
  code: `LAAFFIC_${code}`,
  kind: 'limit',
  outcome: 'rejected',
  http: 429,
  title,
  advice,
  retryAfterSeconds,
});

const platform = (code: string, http: number, title: string, advice: string): Failure => ({
  code: `LAAFFIC_${code}`,
  kind: 'platform',
  outcome: 'unknown',
  http,
  title,
  advice,
});

/** The advice for every failure after which the messages may have been sent. */
export const CHECK_FIRST =
  'The messages may have been accepted. Look up their order ids in the delivery reports before sending again.';

/** The status of a response that rejects the time of the request. */
export const TIMESTAMP_EXPIRED = -16;

/**
 * The gateway's status codes for SMS, with the failure that each stands for.
 *
 * Source: the vendor pages "Sending Messages" and "Status Code", whose list is the longest of the platform's brands. The
 * platform's e-mail product has other numbers.
 * @example
 * for (const [status, { code, advice }] of STATUS_TABLE) console.log(status, code, advice);
 */
export const STATUS_TABLE: ReadonlyMap<number, Failure> = new Map<number, Failure>([
  [-1, account('AUTHENTICATION_FAILED', 'Check apiKey and apiSecret, and that appId belongs to them.')],
  [-2, account('IP_RESTRICTED', "Ask the vendor to allow this machine's public IP address.")],
  [-3, input('SENSITIVE_CONTENT', 422, 'The content has sensitive words', 'Reword the content.', 'content')],
  [-4, input('EMPTY_CONTENT', 400, 'The content is empty', 'Give a content.', 'content')],
  [-5, input('CONTENT_TOO_LONG', 400, 'The content is too long', 'Shorten the content.', 'content')],
  [
    -6,
    input(
      'NOT_A_TEMPLATE',
      422,
      'The content matches no template',
      'The application accepts fixed templates only: use the text of one, or ask the vendor to register this one.',
      'content',
    ),
  ],
  [-7, input('TOO_MANY_NUMBERS', 400, 'Too many recipients', 'Give fewer recipients in one request.', 'to')],
  [-8, input('EMPTY_NUMBER', 400, 'A phone number is empty', 'Give a phone number.', 'to')],
  [
    -9,
    input(
      'ABNORMAL_NUMBER',
      422,
      'A phone number cannot be reached',
      'Check the number and its country code. A reason such as DST_MCCMNC_LIMIT means that the application may not send to the destination: contact the vendor.',
      'to',
    ),
  ],
  [-10, account('INSUFFICIENT_BALANCE', "Top up the account's balance.", 503)],
  [-11, input('INVALID_TIME_FORMAT', 400, 'A time is malformed', 'Write times as ISO 8601 with an offset.')],
  [-12, platform('SUBMIT_FAILED', 503, 'The SMS gateway failed to submit the messages', CHECK_FIRST)],
  [-13, account('USER_LOCKED', 'The account is locked: contact the vendor.')],
  [-14, input('EMPTY_FIELD', 400, 'A field is empty or an id is unknown', 'Check the fields of the request.')],
  [-15, limit('TOO_FREQUENT', 1, 'Too many requests to the SMS gateway', 'Slow down.')],
  [
    TIMESTAMP_EXPIRED,
    {
      code: 'LAAFFIC_TIMESTAMP_EXPIRED',
      kind: 'clock',
      outcome: 'rejected',
      http: 503,
      title: 'The SMS gateway rejected the time of the request',
      advice:
        "Set this machine's clock. The request was retried once with the gateway's own time if its response had one.",
    },
  ],
  [
    -17,
    input('EMPTY_TEMPLATE', 422, 'There is no template', 'Ask the vendor to register a template for the application.'),
  ],
  [-18, platform('GATEWAY_FAULT', 503, 'The SMS gateway has an internal fault', CHECK_FIRST)],
  [-19, account('PRICING_NOT_CONFIRMED', 'Ask the vendor to confirm the SMS pricing and to bind a channel.')],
  [-20, input('ALREADY_EXISTS', 409, 'The data already exist', 'Use another id.')],
  [-21, input('INVALID_DATA', 400, 'The data are invalid', 'Check the fields of the request.')],
  [-22, input('INVALID_PARAMETER', 400, 'A parameter is invalid', 'Check the fields of the request.')],
  [-23, account('QUOTA_EXHAUSTED', "The account's quota is used up: ask the vendor to raise it.", 503)],
  [-24, input('NOT_FOUND', 404, 'The data do not exist', 'Check the ids of the request.')],
  [-25, input('OUT_OF_TIME_RANGE', 400, 'The time range is not allowed', 'Choose a shorter or later time range.')],
  [-26, account('FEE_UNAVAILABLE', 'The gateway found no price for the message: contact the vendor.')],
  [-27, limit('TOTAL_LIMIT', 60, 'The limit of messages for this period is reached', 'Wait for the next period.')],
  [-28, limit('NUMBER_LIMIT', 60, 'The limit of messages to one number is reached', 'Wait for the next period.')],
  [-29, account('WORKSPACE_DISABLED', 'The workspace is disabled: contact the vendor.')],
  [-30, account('KEY_DISABLED', 'The API key is disabled: enable it in the console or use another.')],
  [-31, account('IP_NOT_WHITELISTED', "Add this machine's public IP address to the API key's whitelist.")],
  [-32, account('KEY_WITHOUT_RIGHT', 'The API key has no right to this appId: check both.')],
]);

/** A status that no vendor page lists. Its meaning is unknown, so nothing proves that nothing was sent. */
export const UNLISTED_STATUS = platform(
  'UNLISTED_STATUS',
  502,
  'The SMS gateway responded with an unlisted status',
  CHECK_FIRST,
);

/** Returns the failure that a status other than 0 stands for. */
export function failureOf(status: number): Failure {
  return STATUS_TABLE.get(status) ?? UNLISTED_STATUS;
}
