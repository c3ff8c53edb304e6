import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiServiceUnavailableResponse,
  ApiTags,
  ApiTooManyRequestsResponse,
} from '@nestjs/swagger';
import { ApiBodyErrors, ApiCommonErrors, ApiErrors } from '../common/errors/api-errors.js';
import { ErrorDto } from '../common/errors/error.dto.js';
import {
  ApprovedVerificationDto,
  CancelledVerificationDto,
  PendingVerificationDto,
  RedeemedProofDto,
  ReleasedNumberDto,
  VerificationDto,
} from './dto/verification.dto.js';
import { GUARD_ROUTES } from './guard.openapi.js';
import { documentRoutes, type RouteDocument } from './route-document.js';

const RETRY_AFTER = { 'Retry-After': { description: 'In seconds.', schema: { type: 'integer' } } } as const;
const RESEND_AFTER = {
  'Retry-After': { description: 'Seconds until another message can be sent.', schema: { type: 'integer' } },
} as const;
const LOCATION = {
  Location: { description: 'The address of the verification.', schema: { type: 'string' } },
} as const;
const NUMBERS = '`VERIFY_INVALID_NUMBER`, `VERIFY_INVALID_REQUEST`: `field` names the invalid field.';
const OVER = '`VERIFY_OVER`: it is unknown, expired, cancelled or used, which cannot be told apart.';

const ApiId = () => ApiParam({ name: 'id', description: 'The id of the verification.' });

/** A message may not be sent now. */
const ApiSendErrors = () =>
  applyDecorators(
    ApiTooManyRequestsResponse({
      type: ErrorDto,
      headers: RETRY_AFTER,
      description:
        '`VERIFY_COOLDOWN`: the last message is too recent. `VERIFY_LIMITED`: the number, its source or its tenant has had ' +
        'all messages that it may have for now. `VERIFY_LOCKED`: too many wrong codes. `VERIFY_REJECTED`: the guard ' +
        'rejects the request, and does not tell why. With `API_KEYS` also too many wrong keys from this address.',
    }),
    ApiServiceUnavailableResponse({
      type: ErrorDto,
      headers: RETRY_AFTER,
      description:
        '`VERIFY_CAP`: no more messages can be sent for now. Or the database is unavailable, read-only or full: ' +
        '`OUTBOX_DATABASE_UNAVAILABLE`, `…_READ_ONLY`, `…_FULL`.',
    }),
  );

/** The routes for backends. */
const ROUTES: Readonly<Record<string, RouteDocument>> = {
  start: {
    scope: 'verifications:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Send a code to a number',
        description:
          'The message is stored in the outbox with the verification, and goes ahead of all campaigns. With `session`, a ' +
          'second start goes on with the open verification of the session. With `decoy`, nothing is sent, and the answers are ' +
          'those of a verification. The service asks no challenge itself, so `challenge` is of no use.',
      }),
      ApiHeader({
        name: 'Idempotency-Key',
        required: false,
        description:
          '1 to 255 characters on one line: requests with the same key start one verification, and send one message.',
      }),
      ApiCreatedResponse({
        type: PendingVerificationDto,
        headers: { ...LOCATION, ...RESEND_AFTER },
        description: 'The verification is stored, and its message will be sent.',
      }),
      ApiOkResponse({
        type: PendingVerificationDto,
        headers: RESEND_AFTER,
        description:
          'The open verification of the session goes on, or the key was used before. `sent` says whether there is another ' +
          'message.',
      }),
      ApiErrors({
        400: NUMBERS,
        422:
          '`VERIFY_COUNTRY`, `VERIFY_NUMBER_TYPE`: no codes are sent to numbers of this country or type. ' +
          '`VERIFY_KEY_REUSED`: the key was used for another verification.',
      }),
      ApiSendErrors(),
      ApiBodyErrors(),
    ),
    examples: {
      'sign-in': { value: { to: '+44 7400 123456', purpose: 'sign-in' } },
      'a national number, for a user of the backend': {
        value: {
          to: '07400 223456',
          country: 'GB',
          purpose: 'sign-in',
          session: 's_81',
          locale: 'en-GB',
          client: 'web',
          source: { address: '203.0.113.7' },
        },
      },
      'a code for one payment': {
        value: { to: '+44 7400 323456', purpose: 'transfer', binding: { amount: '10.00 EUR', payee: 'ACME' } },
      },
      'a number without an account': { value: { to: '+44 7400 423456', purpose: 'sign-in', decoy: true } },
    },
  },
  find: {
    scope: 'verifications:read',
    document: applyDecorators(
      ApiOperation({ summary: 'Find a verification; never shows its number or code' }),
      ApiId(),
      ApiOkResponse({ type: VerificationDto }),
      ApiErrors({ 400: '`field` names the invalid field.', 404: '`VERIFY_OVER`: there is none with this id.' }),
    ),
  },
  check: {
    scope: 'verifications:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Check the code that a user has entered',
        description: 'Each check counts as an attempt.',
      }),
      ApiId(),
      ApiOkResponse({ type: ApprovedVerificationDto, description: 'The code is right, and is used up now.' }),
      ApiErrors({
        400: '`VERIFY_MALFORMED_CODE`, which does not count as an attempt; `VERIFY_INVALID_REQUEST`.',
        410: OVER,
        422: '`VERIFY_WRONG_CODE` with `attemptsLeft`.',
      }),
      ApiTooManyRequestsResponse({
        type: ErrorDto,
        headers: RETRY_AFTER,
        description:
          '`VERIFY_LOCKED`: too many wrong codes for the number. `VERIFY_LIMITED`: too many from the source. With ' +
          '`API_KEYS` also too many wrong keys from this address.',
      }),
      ApiBodyErrors(),
    ),
    examples: { 'a code': { value: { code: '123 456', purpose: 'sign-in' } } },
  },
  resend: {
    scope: 'verifications:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Send the code again',
        description: 'The same code, or another one if less than half of its time is left.',
      }),
      ApiId(),
      ApiOkResponse({ type: PendingVerificationDto, headers: RESEND_AFTER }),
      ApiErrors({ 400: NUMBERS, 410: OVER }),
      ApiSendErrors(),
      ApiBodyErrors(),
    ),
    examples: { resend: { value: { source: { address: '203.0.113.7' } } } },
  },
  cancel: {
    scope: 'verifications:write',
    document: applyDecorators(
      ApiOperation({ summary: 'Cancel a verification', description: 'Its code is no longer good.' }),
      ApiId(),
      ApiOkResponse({ type: CancelledVerificationDto }),
      ApiErrors({ 400: '`field` names the invalid field.', 410: OVER }),
      ApiBodyErrors(),
    ),
    examples: { cancel: { value: {} } },
  },
  redeem: {
    scope: 'verifications:write',
    document: applyDecorators(
      ApiOperation({ summary: 'Read a proof, and use it up', description: 'For a later request of the same flow.' }),
      ApiOkResponse({ type: RedeemedProofDto }),
      ApiErrors({
        400: '`field` names the invalid field.',
        410: '`VERIFY_INVALID_PROOF`: it is not valid for this purpose, too old, or was used before.',
      }),
      ApiBodyErrors(),
    ),
    examples: { 'a proof': { value: { proof: 'v1.0.…', purpose: 'sign-in' } } },
  },
  release: {
    scope: 'verifications:release',
    document: applyDecorators(
      ApiOperation({ summary: 'Lift the lock of a number', description: 'It had too many wrong codes.' }),
      ApiOkResponse({ type: ReleasedNumberDto }),
      ApiErrors({ 400: NUMBERS }),
      ApiBodyErrors(),
    ),
    examples: { 'a number': { value: { number: '+44 7400 123456' } } },
  },
};

/** Documents the routes of nestjs-laaffic-verify, which itself only describes their bodies. */
export function documentVerifications(controller: Type<object>): void {
  ApiCommonErrors()(controller);
  const isForBackends = documentRoutes(controller, ROUTES);
  if (!isForBackends) documentRoutes(controller, GUARD_ROUTES);
  ApiTags(isForBackends ? 'verifications' : 'guard of verifications')(controller);
}
