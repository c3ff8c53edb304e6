import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { ApiBodyErrors, ApiErrors } from '../common/errors/api-errors.js';
import { GuardAlarmsDto, GuardListDto, GuardStatusDto, ReleasedRangeDto } from './dto/guard.dto.js';
import type { RouteDocument } from './route-document.js';

const FIELDS = '`VERIFY_INVALID_REQUEST`: `field` names the invalid field.';
const NUMBERS = `\`VERIFY_INVALID_NUMBER\`, ${FIELDS}`;
const LISTING = {
  type: GuardListDto,
  description: 'The whole list after the change. All instances know it within a second.',
};
const UNTIL = '2099-01-31T12:00:00Z';
const RANGE = '+447400123xxx';
const DECISIONS =
  '{"at":"2027-01-31T09:10:00.000Z","tenant":"","purpose":"sign-in","country":"GB","rule":"range","isShadow":false,"count":3}\n';

/** The routes for operators of the guard. */
export const GUARD_ROUTES: Readonly<Record<string, RouteDocument>> = {
  getStatus: {
    scope: 'guard:read',
    document: applyDecorators(
      ApiOperation({
        summary: 'Show what the guard sees',
        description: 'Traffic, budgets and caps of all instances, blocked ranges, alarms, and the list of operators.',
      }),
      ApiOkResponse({ type: GuardStatusDto }),
    ),
  },
  findDecisions: {
    scope: 'guard:read',
    document: applyDecorators(
      ApiOperation({
        summary: 'List what rules have rejected, the last one first',
        description:
          'With `isShadow`, the rule is in shadow and has only recorded it. Equal decisions of about a second are one line.',
      }),
      ApiOkResponse({
        description: 'A line of JSON for each decision. It has no number.',
        content: { 'application/x-ndjson': { schema: { type: 'string', example: DECISIONS } } },
      }),
      ApiErrors({ 400: NUMBERS }),
    ),
  },
  findAlarms: {
    scope: 'guard:read',
    document: applyDecorators(
      ApiOperation({
        summary: 'List alarms',
        description: 'Those that are on, or with `since` those that were on later.',
      }),
      ApiOkResponse({ type: GuardAlarmsDto }),
      ApiErrors({ 400: FIELDS }),
    ),
  },
  block: {
    scope: 'guard:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Deny a range of numbers, or a country',
        description: 'Its numbers get no messages, also those that were verified before.',
      }),
      ApiOkResponse(LISTING),
      ApiErrors({ 400: FIELDS }),
      ApiBodyErrors(),
    ),
    examples: {
      'a range, for some time': { value: { target: RANGE, until: UNTIL, actor: 'ann' } },
      'a country': { value: { target: 'FR', actor: 'ann' } },
    },
  },
  allow: {
    scope: 'guard:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Allow a range of numbers, or a country',
        description: 'Suspicion does not stop its numbers. Limits and caps hold.',
      }),
      ApiOkResponse(LISTING),
      ApiErrors({ 400: FIELDS }),
      ApiBodyErrors(),
    ),
    examples: { 'a range': { value: { target: RANGE, actor: 'ann' } } },
  },
  release: {
    scope: 'guard:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Take a range or a country off the list',
        description: 'The blocks of its ranges end too, and their numbers are judged anew.',
      }),
      ApiOkResponse({ type: ReleasedRangeDto }),
      ApiErrors({ 400: FIELDS }),
      ApiBodyErrors(),
    ),
    examples: {
      'a range': { value: { target: RANGE, actor: 'ann' } },
      'a country': { value: { target: 'FR', actor: 'ann' } },
    },
  },
  setVerdict: {
    scope: 'guard:write',
    document: applyDecorators(
      ApiOperation({
        summary: 'Allow or deny a number, or take it off the list',
        description: 'For all tenants. The list has a digest of the number, and shows it masked.',
      }),
      ApiOkResponse(LISTING),
      ApiErrors({ 400: NUMBERS }),
      ApiBodyErrors(),
    ),
    examples: {
      'deny a number': { value: { number: '+44 7400 823456', verdict: 'deny', until: UNTIL, actor: 'ann' } },
      'take it off the list': { value: { number: '07400 823456', country: 'GB', verdict: null, actor: 'ann' } },
    },
  },
};
