import { CheckedBy, optional } from '../../commands/checked-by.js';
import { StartVerificationCommand } from '../../commands/start-verification.command.js';
import {
  bindingProblem,
  booleanProblem,
  countryProblem,
  numberProblem,
  purposeProblem,
  sessionProblem,
  sourceProblem,
  tenantProblem,
  textProblem,
} from '../../request-rules.js';
import { CheckBody, ResendBody } from './visitor-bodies.dto.js';

/** The user of the backend. */
export interface UserSource {
  readonly address: string;
  readonly userAgent?: string;
}

const TENANT = { required: false, type: String, maxLength: 255, description: 'The tenant that the number belongs to.' };
const BINDING = {
  ...{ required: false, type: 'object', additionalProperties: { type: 'string' }, selfRequired: false },
  ...{ description: 'What the code approves. The text shows it.', example: { amount: '10.00 EUR', payee: 'ACME' } },
};
const SOURCE = {
  ...{ required: ['address'], type: 'object', selfRequired: false },
  properties: { address: { type: 'string', example: '203.0.113.7' }, userAgent: { type: 'string' } },
  description: "The backend's own user. Without it, limits of sources do not apply.",
};

const DECOY = {
  ...{ required: false, type: Boolean, default: false },
  description: 'Whether to send nothing, because no account has this number.',
};

export class BackendStartBody extends StartVerificationCommand {
  static override _OPENAPI_METADATA_FACTORY(): Record<string, object> &
    ReturnType<typeof StartVerificationCommand._OPENAPI_METADATA_FACTORY> {
    const session = {
      required: false,
      type: String,
      maxLength: 1_000,
      description: 'What the backend knows its user by.',
    };
    const own = { binding: BINDING, session, source: SOURCE, tenant: TENANT, decoy: DECOY };
    return { ...super._OPENAPI_METADATA_FACTORY(), ...own };
  }

  @CheckedBy(bindingProblem)
  binding?: Record<string, string>;

  @CheckedBy(optional(booleanProblem))
  decoy?: boolean;

  @CheckedBy(optional(sessionProblem))
  session?: string;

  @CheckedBy(optional(sourceProblem))
  source?: UserSource;

  @CheckedBy(tenantProblem)
  tenant?: string;
}

export class BackendCheckBody extends CheckBody {
  static override _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { ...super._OPENAPI_METADATA_FACTORY(), binding: BINDING, source: SOURCE, tenant: TENANT };
  }

  @CheckedBy(bindingProblem)
  binding?: Record<string, string>;

  @CheckedBy(optional(sourceProblem))
  source?: UserSource;

  @CheckedBy(tenantProblem)
  tenant?: string;
}

export class BackendResendBody extends ResendBody {
  static override _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { ...super._OPENAPI_METADATA_FACTORY(), binding: BINDING, source: SOURCE, tenant: TENANT };
  }

  @CheckedBy(bindingProblem)
  binding?: Record<string, string>;

  @CheckedBy(optional(sourceProblem))
  source?: UserSource;

  @CheckedBy(tenantProblem)
  tenant?: string;
}

/** Which tenant's verification is read or cancelled. */
export class TenantFields {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return { tenant: TENANT };
  }

  @CheckedBy(tenantProblem)
  tenant?: string;
}

export class RedeemBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      proof: { required: true, type: String, description: 'The proof of an approval.' },
      purpose: { required: true, type: String, maxLength: 64, description: 'What the code was for.' },
      binding: BINDING,
    };
  }

  @CheckedBy(textProblem)
  proof!: string;

  @CheckedBy(purposeProblem)
  purpose!: string;

  @CheckedBy(bindingProblem)
  binding?: Record<string, string>;
}

export class ReleaseBody {
  static _OPENAPI_METADATA_FACTORY(): Record<string, object> {
    return {
      number: { required: true, type: String, maxLength: 64, description: 'The number whose lock is lifted.' },
      country: { required: false, type: String, description: 'The country of a national number.', example: 'GB' },
      tenant: TENANT,
    };
  }

  @CheckedBy((value, { country }) => numberProblem(value, country))
  number!: string;

  @CheckedBy(countryProblem)
  country?: string;

  @CheckedBy(tenantProblem)
  tenant?: string;
}
