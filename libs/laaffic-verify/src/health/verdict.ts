import type { OutboxErrorCode } from 'nestjs-laaffic-outbox';
import type { ProbedSchema } from './schema-probe.js';

/** The result of a probe. `data` is safe for a public endpoint. */
export interface Verdict {
  readonly isUp: boolean;
  readonly data: Readonly<Record<string, string>>;
}

/** What an operator does when the schema does not fit. */
const SCHEMA_ADVICE: Partial<Readonly<Record<OutboxErrorCode, string>>> = {
  OUTBOX_SCHEMA_MISSING: 'Run migrateVerification, or restore the schema.',
  OUTBOX_SCHEMA_TOO_NEW: 'A newer release has changed the schema. Run that release, or restore a backup.',
};

/** Turns a probe into a health result. */
export function judge(probed: ProbedSchema): Verdict {
  if (probed === undefined) return { isUp: true, data: {} };
  if (probed === 'OUTBOX_DATABASE_UNAVAILABLE') {
    return down({
      code: 'VERIFY_HEALTH_DATABASE',
      message: 'The database of verifications did not respond',
      advice: 'No verification can be started or checked until it does. Check the database and the network.',
    });
  }
  const advice = SCHEMA_ADVICE[probed];
  if (advice !== undefined) {
    return down({
      code: 'VERIFY_HEALTH_SCHEMA',
      message: 'The schema of verifications is not one that this release can work with',
      failure: probed,
      advice,
    });
  }
  return down({
    code: 'VERIFY_HEALTH_REJECTED',
    message: 'The database of verifications rejects statements',
    failure: probed,
    advice: 'See the log of the database server for the rejected statement, and docs/operations.md, Roles.',
  });
}

function down(data: Verdict['data']): Verdict {
  return { isUp: false, data };
}
