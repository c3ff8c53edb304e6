import { readCode } from './codes/read-code.js';
import { isCountry, readPhoneNumber } from './numbers/phone-number.js';
import type { VerificationClient } from './texts/autofill.js';

/** The lengths that the option `code.digits` allows. */
const CODE_LENGTHS = [6, 7, 8, 9, 10];
const CLIENTS: readonly unknown[] = ['web', 'android', 'ios'] satisfies VerificationClient[];
const PURPOSE = /^[\w.:-]{1,64}$/;
const TENANT = /^[^\p{Cc}]{0,255}$/u;
const IDEMPOTENCY_KEY = /^[^\p{Cc}]{1,255}$/u;
const MOST_FIELDS = 10;
const LONGEST_SESSION = 1_000;
const LONGEST_ADDRESS = 255;
const LONGEST_USER_AGENT = 4_000;
const LONGEST_CHALLENGE = 10_000;
const ACTOR = /^[^\p{Cc}]{1,200}$/u;
const MOST_FOUND = 10_000;

// Each rule returns the rest of a sentence that starts with the name of the field, or `undefined` if the value is right.

export function purposeProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && PURPOSE.test(value)) return undefined;
  return 'must be 1 to 64 letters, digits, hyphens, underscores, dots or colons';
}

export function bindingProblem(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const fields: readonly unknown[] = isObject ? Object.values(value) : [];
  const isRight = isObject && fields.length <= MOST_FIELDS && fields.every((field) => typeof field === 'string');
  return isRight ? undefined : `must be an object with at most ${MOST_FIELDS} fields, all of them text`;
}

export function tenantProblem(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && TENANT.test(value))) return undefined;
  return 'must be at most 255 characters on one line';
}

export function idempotencyKeyProblem(value: unknown): string | undefined {
  if (value === undefined || (typeof value === 'string' && IDEMPOTENCY_KEY.test(value))) return undefined;
  return 'must be 1 to 255 characters on one line';
}

/** A number without a usable country is not judged; {@link countryProblem} is for that. */
export function numberProblem(value: unknown, country: unknown): string | undefined {
  if (country !== undefined && !isCountry(country)) return undefined;
  const number = readPhoneNumber(value, country);
  return 'problem' in number ? number.problem : undefined;
}

export function countryProblem(value: unknown): string | undefined {
  if (value === undefined || isCountry(value)) return undefined;
  return 'must be the ISO code of a country in two capital letters';
}

/** The number of digits is an option, so any allowed number of them may be right. */
export function codeProblem(value: unknown): string | undefined {
  const isCode = CODE_LENGTHS.some((digits) => readCode(value, digits) !== undefined);
  return isCode ? undefined : 'must have 6 to 10 digits';
}

export function clientProblem(value: unknown): string | undefined {
  return value === undefined || CLIENTS.includes(value) ? undefined : "must be 'web', 'android' or 'ios'";
}

export function textProblem(value: unknown): string | undefined {
  return typeof value === 'string' ? undefined : 'must be text';
}

export function sessionProblem(value: unknown): string | undefined {
  return isText(value, LONGEST_SESSION) ? undefined : `must be text of 1 to ${LONGEST_SESSION} characters`;
}

/** The source of a request, as a backend describes it: `{ address, userAgent? }`. */
export function sourceProblem(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return 'must be an object { address, userAgent }';
  const { address, userAgent, ...others } = value as Readonly<Record<string, unknown>>;
  if (Object.keys(others).length > 0) return 'must have no other fields than address and userAgent';
  if (!isText(address, LONGEST_ADDRESS)) return `must have an address of 1 to ${LONGEST_ADDRESS} characters`;
  if (userAgent === undefined || isText(userAgent, LONGEST_USER_AGENT)) return undefined;
  return `must have a userAgent of 1 to ${LONGEST_USER_AGENT} characters`;
}

/** Who changes the list of the guard. */
export function actorProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && ACTOR.test(value) && value.trim() !== '') return undefined;
  return 'must be the name of who does it: 1 to 200 characters on one line';
}

export function timeProblem(value: unknown): string | undefined {
  return value instanceof Date && Number.isFinite(value.getTime()) ? undefined : 'must be a time';
}

export function untilProblem(value: unknown, now: number): string | undefined {
  return timeProblem(value) ?? ((value as Date).getTime() > now ? undefined : 'must be a time in the future');
}

/** `undefined` takes a number off the list. */
export function verdictProblem(value: unknown): string | undefined {
  return value === undefined || value === 'allow' || value === 'deny' ? undefined : "must be 'allow' or 'deny'";
}

export function limitProblem(value: unknown): string | undefined {
  const isRight = Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_FOUND;
  return isRight ? undefined : `must be a whole number from 1 to ${MOST_FOUND}`;
}

/** The visitor's answer to a challenge. */
export function challengeProblem(value: unknown): string | undefined {
  return isText(value, LONGEST_CHALLENGE) ? undefined : `must be text of 1 to ${LONGEST_CHALLENGE} characters`;
}

export function booleanProblem(value: unknown): string | undefined {
  return typeof value === 'boolean' ? undefined : 'must be true or false';
}

function isText(value: unknown, longest: number): boolean {
  return typeof value === 'string' && value.trim() !== '' && value.length <= longest;
}
