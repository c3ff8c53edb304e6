import { CheckedBy, optional } from '../../commands/checked-by.js';
import { actorProblem, countryProblem, numberProblem, textProblem } from '../../request-rules.js';

const ACTOR = { required: true, type: String, maxLength: 200, description: 'Who does it. It is kept.' };
const UNTIL = {
  ...{ required: false, type: String, format: 'date-time', description: 'When it ends. Never by default.' },
  example: '2030-01-31T12:00:00Z',
};
const TARGET = {
  ...{ required: true, type: String, description: 'The beginning of numbers, or a country.' },
  example: '+447400123xxx',
};
const SINCE = { type: String, format: 'date-time', description: 'Only later ones.', example: '2030-01-31T12:00:00Z' };
const COUNTRY = { required: false, type: String, description: 'An ISO code.', example: 'GB' };

/** A time with a time zone. `Date` would also read `1`. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

function instantProblem(value: unknown): string | undefined {
  if (typeof value === 'string' && INSTANT.test(value) && !Number.isNaN(Date.parse(value))) return undefined;
  return 'must be a time such as 2030-01-31T12:00:00Z';
}

function limitTextProblem(value: unknown): string | undefined {
  return typeof value === 'string' && /^[1-9]\d{0,4}$/.test(value) && Number(value) <= 10_000
    ? undefined
    : 'must be a whole number from 1 to 10000';
}

function givenVerdictProblem(value: unknown): string | undefined {
  return value === 'allow' || value === 'deny' || value === null ? undefined : "must be 'allow', 'deny' or null";
}

/** Which decisions. */
export class DecisionsQuery {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      since: { required: true, ...SINCE },
      rule: { required: false, type: String, description: 'The rule.', example: 'range' },
      country: COUNTRY,
      limit: { required: false, type: Number, minimum: 1, maximum: 10_000, default: 1_000 },
    };
  }

  @CheckedBy(instantProblem)
  since!: string;

  @CheckedBy(optional(textProblem))
  rule?: string;

  @CheckedBy(countryProblem)
  country?: string;

  @CheckedBy(optional(limitTextProblem))
  limit?: string;
}

/** Which alarms. */
export class SinceQuery {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { since: { required: false, ...SINCE } };
  }

  @CheckedBy(optional(instantProblem))
  since?: string;
}

/** What is blocked or allowed. The service checks the target. */
export class ListTargetBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { target: TARGET, until: UNTIL, actor: ACTOR };
  }

  @CheckedBy(textProblem)
  target!: string;

  @CheckedBy(optional(instantProblem))
  until?: string;

  @CheckedBy(actorProblem)
  actor!: string;
}

export class ReleaseTargetBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { target: TARGET, actor: ACTOR };
  }

  @CheckedBy(textProblem)
  target!: string;

  @CheckedBy(actorProblem)
  actor!: string;
}

export class NumberVerdictBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      number: { required: true, type: String, maxLength: 64, description: 'The number.', example: '+44 7400 123456' },
      country: { ...COUNTRY, description: 'The country of a national number.' },
      verdict: { required: true, nullable: true, enum: ['allow', 'deny'], description: 'null takes it off the list.' },
      until: UNTIL,
      actor: ACTOR,
    };
  }

  @CheckedBy((value, { country }) => numberProblem(value, country))
  number!: string;

  @CheckedBy(countryProblem)
  country?: string;

  @CheckedBy(givenVerdictProblem)
  verdict!: 'allow' | 'deny' | null;

  @CheckedBy(optional(instantProblem))
  until?: string;

  @CheckedBy(actorProblem)
  actor!: string;
}
